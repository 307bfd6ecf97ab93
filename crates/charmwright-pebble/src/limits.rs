//! The most that is taken from a daemon.
//!
//! A workload can bring its own Pebble, or speak in its place: whoever is root in the container owns the socket. So
//! whatever comes over it has an end, and no answer takes more than 16 MiB of memory while it is read.

/// The bytes that [`read_file`](crate::Client::read_file) and [`read_files`](crate::Client::read_files) read in one call.
///
/// Configuration, certificates and the like are far smaller; [`read_files_within`](crate::Client::read_files_within)
/// takes more, and [`read_file_to`](crate::Client::read_file_to) any size.
pub const FILES_BYTES_MAX: u64 = 4 * MIB;

/// The bytes of an answer that is JSON, and of a plan.
///
/// A thousand notices, as many changes with their logs, or a directory of five thousand files have less. Of a larger
/// directory ask for a part, by [`ListOptions::pattern`](crate::ListOptions).
pub const ANSWER_BYTES_MAX: u64 = MIB;

/// The objects in an answer that is JSON.
///
/// The smallest has two bytes, and may take a kilobyte of memory: so the bytes of an answer do not bound what it takes.
pub const ANSWER_OBJECTS_MAX: u64 = 8 * 1024;

/// The values in an answer that is JSON, names of fields among them.
///
/// A list of numbers has two bytes for each, and takes thirty.
pub const ANSWER_VALUES_MAX: u64 = 128 * 1024;

/// The values in a plan, names of fields among them.
///
/// A service takes 1.3 KiB of memory at least, and is named with two values. The plan of a charm has some hundreds.
pub const PLAN_VALUES_MAX: u64 = 8 * 1024;

/// How deep a plan is nested.
///
/// The deepest that Pebble knows is an entry of the environment of a check's command: five.
pub const PLAN_DEPTH_MAX: usize = 16;

/// The bytes of the metrics.
///
/// A service or check has 300 of them.
pub const METRICS_BYTES_MAX: u64 = 256 * 1024;

/// The characters of a text in an error that are kept: Pebble's message, the error of a change.
///
/// The message goes into a log and a status, which a person reads.
pub const MESSAGE_CHARACTERS_MAX: usize = 1000;

/// The characters of a version that are kept.
///
/// It is told in errors, and the longest of a build from a checkout has 40.
pub const VERSION_CHARACTERS_MAX: usize = 100;

/// The bytes of the headers of an answer.
///
/// Pebble's have 200.
pub const HEADERS_BYTES_MAX: usize = 32 * 1024;

/// The bytes that [`logs`](crate::Client::logs) takes.
///
/// Pebble keeps 100 KiB a service.
pub const LOGS_BYTES_MAX: u64 = 4 * MIB;

/// The lines that [`logs`](crate::Client::logs) takes.
///
/// An empty line takes 72 bytes of memory, and comes in three.
pub const LOG_LINES_MAX: u64 = 32 * 1024;

/// The bytes of a line of a log, as JSON.
///
/// Pebble splits at 4 KiB, and JSON may write six characters for one.
pub const LOG_LINE_BYTES_MAX: u64 = 64 * 1024;

/// The bytes of a message from the streams of a command.
///
/// Pebble sends what it has read at once, which is 128 KiB at most.
pub const STREAM_MESSAGE_BYTES_MAX: usize = 1024 * 1024;

/// The bytes that [`exec_output`](crate::Client::exec_output) takes of each output, unless
/// [`Exec::output_bytes_max`](crate::Exec::output_bytes_max) says otherwise.
///
/// Versions, states and lists have far less. What is larger, such as a dump, is read from
/// [`Process::stdout`](crate::Process::stdout).
pub const OUTPUT_BYTES_MAX: u64 = 2 * MIB;

/// The services of a change that are looked at for whether Pebble tries again.
///
/// Each is compared with all services: thousands of both would take seconds.
pub const RETRIED_MAX: usize = 256;

/// The characters of an id of a change, a task or a notice.
///
/// They are numbers.
pub const ID_CHARACTERS_MAX: usize = 64;

/// The bytes of the headers of one part of an answer in parts.
///
/// They hold the path of a file, which has at most 4 KiB, and a few fixed words.
pub const PART_HEADERS_BYTES_MAX: usize = 64 * 1024;

/// The bytes a second that a streamed file must have at least, as a mean over each request timeout.
///
/// A tenth of what a slow disk or a busy node gives. A daemon that sends a byte now and then would hold a hook for days.
pub const STREAM_BYTES_PER_SECOND_MIN: u64 = 16 * 1024;

const MIB: u64 = 1024 * 1024;
