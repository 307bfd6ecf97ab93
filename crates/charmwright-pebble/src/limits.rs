//! The most that is taken from a daemon.
//!
//! A workload can bring its own Pebble, or speak in its place: whoever is root in the container owns the socket. So
//! whatever comes over it has an end, and no answer takes more than 16 MiB of memory while it is read.

/// The bytes that [`read_file`](crate::Client::read_file) and [`read_files`](crate::Client::read_files) read in one call.
///
/// Configuration, certificates and the like are far smaller; [`read_files_within`](crate::Client::read_files_within)
/// takes more, and [`read_file_to`](crate::Client::read_file_to) any size.
pub const FILES_BYTES_MAX: u64 = 4 * MIB;

/// The bytes of an answer that is JSON.
///
/// A thousand notices, or as many changes with their logs, have half of it.
pub const ANSWER_BYTES_MAX: u64 = MIB;

/// The bytes of the headers of one part of an answer in parts.
///
/// They hold the path of a file, which has at most 4 KiB, and a few fixed words.
pub const PART_HEADERS_BYTES_MAX: usize = 64 * 1024;

/// The bytes a second that a streamed file must have at least, as a mean over each request timeout.
///
/// A tenth of what a slow disk or a busy node gives. A daemon that sends a byte now and then would hold a hook for days.
pub const STREAM_BYTES_PER_SECOND_MIN: u64 = 16 * 1024;

const MIB: u64 = 1024 * 1024;
