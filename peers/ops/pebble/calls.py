"""Calls every public method of the Pebble client of ops on one daemon, and prints what each returned or raised.

One line a call. What differs from run to run is replaced: times, boot ids, the folder.
"""

import datetime
import enum
import io
import os
import re
import sys

from ops import pebble

SOCKET, FOLDER = sys.argv[1:]
TIME = re.compile(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)')
#: Pebble has no warnings any more, and hangs up on who sends some: what is seen of that is chance.
EXCEPTIONS = {'ack_warnings'}


def plain(value: object) -> object:
    """The value as something that prints the same each time."""
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, (datetime.datetime, datetime.timedelta)):
        return '<time>' if isinstance(value, datetime.datetime) else str(value)
    if isinstance(value, str):
        # Pebble puts a random number behind the name of a file that it is about to rename.
        text = re.sub(r'\.[a-zA-Z0-9]+~', '.<random>~', value.replace(FOLDER, '<folder>'))
        # Each YAML parser says it in its own words.
        text = re.sub('yaml: line 1: did not find expected node content|it is no YAML', '<no YAML>', text)
        return TIME.sub('<time>', text)
    if isinstance(value, bytes):
        return value.decode('latin-1') if len(value) < 200 else f'{len(value)} bytes'
    if isinstance(value, (list, tuple, set)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(value[key]) for key in sorted(value, key=str)}
    if isinstance(value, io.IOBase):
        return plain(value.read())
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if hasattr(value, 'to_dict'):
        return plain(value.to_dict())
    return {'': type(value).__name__, **plain(vars(value))}  # type: ignore[dict-item]


def word(argument: object) -> str:
    # What is read from it must be left for the daemon.
    return '<stream>' if isinstance(argument, io.IOBase) else repr(plain(argument))


class Recorder:
    """A client that prints."""

    def __init__(self, client: pebble.Client) -> None:
        self.client = client
        self.called: set[str] = set()

    def __getattr__(self, name: str):
        def call(*args, **kwargs):
            self.called.add(name)
            words = [word(arg) for arg in args] + [f'{key}={word(kwargs[key])}' for key in kwargs]
            told = f'{name}({", ".join(words)})'
            try:
                result = getattr(self.client, name)(*args, **kwargs)
            except Exception as error:
                say(told, f'{type(error).__name__}: {plain(error_text(error))}')
                return None
            if name == 'get_changes':
                result.sort(key=lambda change: int(change.id))
            if not isinstance(result, pebble.ExecProcess):
                say(told, plain(result))
            return result

        return call

    def missing(self) -> set[str]:
        public = {name for name, value in vars(pebble.Client).items() if callable(value) and name[0] != '_'}
        return public - self.called - EXCEPTIONS


def error_text(error: Exception) -> str:
    text = str(error)
    if isinstance(error, pebble.APIError):
        text += f' {error.code} {error.status} {plain(error.body)}'
    return text


def say(told: str, what: object) -> None:
    print(f'{told} -> {what!r}')


def after(told: str, function) -> None:
    """What a process does."""
    try:
        say(f'  {told}', plain(function()))
    except Exception as error:
        say(f'  {told}', f'{type(error).__name__}: {plain(error_text(error))}')


def path(name: str) -> str:
    return os.path.join(FOLDER, name)


def layers(client) -> None:
    services = {
        'web': {'override': 'replace', 'command': 'sleep 300', 'startup': 'enabled', 'environment': {'A': '1'}},
        'late': {'override': 'replace', 'command': 'sleep 300', 'after': ['web'], 'requires': ['web']},
        'fails': {'override': 'replace', 'command': "sh -c 'echo trouble; exit 3'", 'on-failure': 'ignore'},
    }
    client.add_layer('app', {'summary': 'one', 'services': services})
    client.add_layer('app', {'services': services})
    more = pebble.Layer({'checks': {'up': {'override': 'replace', 'level': 'ready', 'period': '1h', 'exec': {'command': 'true'}}}})
    client.add_layer('app', more, combine=True)
    client.add_layer('app', "services:\n  web: {override: merge, environment: {B: 'x: y'}}\n", combine=True)
    client.add_layer('more', 'services: {a: {}}')
    client.add_layer('more', 'services: [')
    client.add_layer('more', 'servces: {}')
    client.get_plan()
    client.get_services()
    client.get_services(['web', 'unknown'])


def services(client) -> None:
    client.autostart_services()
    client.start_services(['late'])
    client.start_services(['late'])
    client.start_services(['fails'])
    client.start_services(['unknown'])
    client.start_services([])
    client.get_services()
    client.send_signal('SIGWINCH', ['web'])
    client.send_signal('SIGNONE', ['web'])
    client.send_signal('SIGHUP', ['fails', 'unknown'])
    client.add_layer('app', 'services: {web: {override: merge, environment: {C: "2"}}}', combine=True)
    client.replan_services()
    client.replan_services()
    change = client.restart_services(['web'], timeout=0)
    client.wait_change(change)
    client.stop_services(['web', 'late'])
    client.stop_services(['web'])
    client.get_services()
    for state in pebble.ChangeState:
        client.get_changes(state, 'web')
    client.get_change(change)
    client.get_change(pebble.ChangeID('10000'))
    client.abort_change(change)
    client.wait_change(pebble.ChangeID('10000'))


def files(client) -> None:
    client.push(path('text'), 'one\ntwo é\n')
    client.push(path('a/b/bytes'), b'\x00\xff' * 50_000, make_dirs=True, permissions=0o640)
    client.push(path('c/none'), 'x')
    client.push(path('stream'), io.StringIO('from a stream'), encoding='latin-1')
    client.push('relative', 'x')
    client.push(path('text'), 'x', user='nobody-at-all')
    client.pull(path('text'))
    client.pull(path('a/b/bytes'), encoding=None)
    client.pull(path('stream'), encoding='latin-1')
    client.pull(path('none'))
    client.pull(path('a'))
    client.make_dir(path('d'), permissions=0o700)
    client.make_dir(path('d'))
    client.make_dir(path('d'), make_parents=True)
    client.make_dir(path('e/f/g'), make_parents=True)
    client.make_dir(path('h/i'))
    for info in client.client.list_files(path('.')):
        if info.name in {'text', 'stream', 'a', 'd', 'e'}:
            info.size = info.size if info.type is pebble.FileType.FILE else None
            say('  listed', plain(info))
    client.list_files(path('a/b'), pattern='*tes')
    client.list_files(path('a/b'), pattern='[')
    client.list_files(path('text'), itself=True)
    client.list_files(path('none'))
    client.remove_path(path('text'))
    client.remove_path(path('text'))
    client.remove_path(path('a'))
    client.remove_path(path('a'), recursive=True)
    client.remove_path(path('a'), recursive=True)


def commands(client) -> None:
    after('output', client.exec(['echo', 'hello']).wait_output)
    after('both', client.exec(['sh', '-c', 'echo out; echo err >&2']).wait_output)
    combined = client.exec(['sh', '-c', 'echo out; echo err >&2'], combine_stderr=True)
    after('combined', combined.wait_output)
    after('code', client.exec(['sh', '-c', 'echo no >&2; exit 3']).wait_output)
    after('killed', client.exec(['sh', '-c', 'kill -9 $$']).wait)
    after('input', client.exec(['sort'], stdin='b\na\n').wait_output)
    after('input from a stream', client.exec(['cat'], stdin=io.StringIO('x' * 100_000)).wait_output)
    after('bytes', client.exec(['cat'], stdin=b'\xff\x00', encoding=None).wait_output)
    surroundings = client.exec(['sh', '-c', 'echo $A; pwd'], environment={'A': 'b'}, working_dir='/')
    after('surroundings', surroundings.wait_output)
    after('context', client.exec(['sh', '-c', 'echo $A$B$C'], service_context='web').wait_output)
    after('too long', client.exec(['sleep', '300'], timeout=0.2).wait)
    process = client.exec(['sh', '-c', "trap 'echo got it; exit 4' USR1; echo ready; while :; do sleep 0.05; done"])
    after('first line', process.stdout.readline)
    after('signal', lambda: process.send_signal('SIGUSR1'))
    after('rest', process.stdout.read)
    after('its code', process.wait)
    process = client.exec(['cat'])
    process.stdin.write('to and fro\n')
    after('by hand', lambda: process.stdin.close())
    after('comes back', process.stdout.read)
    after('ends', process.wait)
    client.exec(['/no/such/program'])
    client.exec(['true'], user='nobody-at-all')
    client.exec(['true'], working_dir='/no/such/place')
    client.exec(['true'], service_context='unknown')
    client.exec([])


def checks(client) -> None:
    layer = 'checks: {idle: {override: replace, startup: disabled, threshold: 1, period: 1h, exec: {command: "true"}}}'
    client.add_layer('checks', layer)
    client.get_checks(names=['up', 'idle', 'unknown'])
    client.get_checks(level=pebble.CheckLevel.READY)
    client.start_checks(['idle', 'up'])
    client.start_checks(['unknown'])
    client.stop_checks(['idle'])
    client.get_checks()


def notices(client) -> None:
    number = client.notify(pebble.NoticeType.CUSTOM, 'example.com/one', data={'k': 'v'})
    client.notify(pebble.NoticeType.CUSTOM, 'example.com/one', repeat_after=datetime.timedelta(hours=1))
    client.notify(pebble.NoticeType.CUSTOM, 'example.com/two')
    client.notify(pebble.NoticeType.CUSTOM, 'no-key')
    client.notify(pebble.NoticeType.CHANGE_UPDATE, 'example.com/one')
    client.get_notice(number)
    client.get_notice('10000')
    client.get_notices(types=[pebble.NoticeType.CUSTOM])
    client.get_notices(types=['custom'], keys=['example.com/two'], users=pebble.NoticesUsers.ALL)
    client.get_notices(types=['custom'], user_id=os.getuid())
    client.get_notices(types=['custom'], user_id=12345)


def identities(client) -> None:
    client.replace_identities({'bob': {'access': 'read', 'local': {'user-id': 4242}}})
    client.replace_identities({
        'bob': None,
        'ann': pebble.Identity(access=pebble.IdentityAccess.ADMIN, local=pebble.LocalIdentity(user_id=4243)),
    })
    client.replace_identities({'eve': {'access': 'all', 'local': {'user-id': 1}}})
    client.get_identities()
    client.remove_identities(['ann', 'bob'])
    client.get_identities()


def main() -> None:
    client = Recorder(pebble.Client(SOCKET, timeout=60))
    version = client.client.get_system_info().version
    say('version', version)
    client.called.add('get_system_info')
    for part in [layers, services, files, commands, checks, notices, identities]:
        print(f'# {part.__name__}')
        part(client)
    client.get_warnings(pebble.WarningState.ALL)
    if missing := client.missing():
        sys.exit(f'not called: {", ".join(sorted(missing))}')


main()
