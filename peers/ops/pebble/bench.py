"""One task of `cargo xtask bench pebble` with the Pebble client of ops, as benches/pebble does it with ours."""

import json
import os
import resource
import shutil
import sys
import time

from ops import pebble


def run(task: str, client: pebble.Client, folder: str, count: int) -> None:
    if task == 'plan':
        for _ in range(count):
            client.get_plan()
    elif task == 'write':
        path = os.path.join(folder, 'small')
        for number in range(count):
            client.push(path, f'number = {number}\n')
    elif task == 'write-many':
        # It has no call for several files.
        for number in range(count):
            client.push(os.path.join(folder, 'many', str(number)), f'number = {number}\n', make_dirs=True)
    elif task == 'exec':
        for _ in range(count):
            stdout, _ = client.exec(['/bin/echo', 'hello']).wait_output()
            assert stdout == 'hello\n'
    elif task == 'push':
        with open(os.path.join(folder, 'large'), 'rb') as source:
            client.push(os.path.join(folder, 'pushed'), source)
    elif task == 'pull':
        with client.pull(os.path.join(folder, 'large'), encoding=None) as source:
            with open(os.path.join(folder, 'pulled'), 'wb') as target:
                shutil.copyfileobj(source, target)
    else:
        sys.exit(f'there is no task {task!r}')


def main() -> None:
    task, socket, folder, count = sys.argv[1:]
    client = pebble.Client(socket, timeout=60)
    started = time.perf_counter()
    run(task, client, folder, int(count))
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({'seconds': seconds, 'peak_kib': peak}))


main()
