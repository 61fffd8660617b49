"""image.py DOCKERFILE TARGET OUTPUT: does what a container engine would do with a Dockerfile, where there is none, and then runs the image.

Needs root and a mount namespace of its own (unshare --mount). The build image is this machine, under an overlay that takes every write; the
run-time image is this machine's libraries and .NET, and nothing else: no shell, no tools. The files are those that .dockerignore lets
through. The program then runs as the image's user, in a network of its own, with the image's environment. What the image's /app
holds is copied to OUTPUT. Each line on standard output that begins with 'image: ' says what was done."""
import ctypes, fnmatch, json, os, re, shlex, shutil, signal, subprocess, sys, time

CLONE_NEWNET = 0x40000000
BASE_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
# As mcr.microsoft.com/dotnet sets them.
BASES = {
    'mcr.microsoft.com/dotnet/sdk:10.0-noble': {'PATH': BASE_PATH, 'APP_UID': '1654', 'ASPNETCORE_HTTP_PORTS': ''},
    'mcr.microsoft.com/dotnet/runtime:10.0-noble-chiseled': {'PATH': BASE_PATH, 'APP_UID': '1654', 'ASPNETCORE_HTTP_PORTS': '8080', 'DOTNET_RUNNING_IN_CONTAINER': 'true'},
    'mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled': {'PATH': BASE_PATH, 'APP_UID': '1654', 'ASPNETCORE_HTTP_PORTS': '8080', 'DOTNET_RUNNING_IN_CONTAINER': 'true'},
}
libc = ctypes.CDLL('libc.so.6', use_errno=True)

def say(text):
    print('image: ' + text, flush=True)

def run(*command, **more):
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, **more)

def parse(file):
    """The instructions, each as its name, its options and the rest."""
    text = re.sub(r'\\\n', ' ', ''.join(line for line in open(file) if not line.lstrip().startswith('#')))
    for line in filter(None, map(str.strip, text.split('\n'))):
        name, rest = line.split(None, 1)
        options = {}
        while rest.startswith('--'):
            option, rest = rest.split(None, 1)
            key, _, value = option[2:].partition('=')
            options[key] = value
        yield name.upper(), options, rest

def ignored(context):
    """.dockerignore as a predicate: the last line that matches a path, or a directory above it, decides."""
    rules = []
    for line in open(os.path.join(context, '.dockerignore')):
        if (line := line.strip()) and not line.startswith('#'):
            pattern = re.escape(line.lstrip('!').strip('/')).replace(r'\*\*/', '(?:.*/)?').replace(r'\*', '[^/]*')
            rules.append((re.compile(pattern + '(?:/.*)?'), line.startswith('!')))
    def decide(path):
        verdict = False
        for pattern, keeps in rules:
            if pattern.fullmatch(path):
                verdict = not keeps
        return verdict
    return decide

def clean_copy(context, target):
    is_ignored = ignored(context)
    for directory, directories, files in os.walk(context):
        relative = os.path.relpath(directory, context)
        # Build output is large, and ignored.
        directories[:] = [one for one in directories if one not in ('.git', 'artifacts')]
        for name in files:
            path = os.path.normpath(os.path.join(relative, name))
            if not is_ignored(path):
                os.makedirs(os.path.dirname(os.path.join(target, path)), exist_ok=True)
                shutil.copy2(os.path.join(directory, name), os.path.join(target, path))

class Stage:
    def __init__(self, name, base, work):
        self.name, self.dir = name, os.path.join(work, name)
        self.root = os.path.join(self.dir, 'root')
        self.environment, self.workdir, self.user = {}, '/', None
        self.entrypoint = self.command = self.health = self.stop_signal = None
        self.volumes, self.ports, self.layers = [], [], []
        os.makedirs(self.root)
        if isinstance(base, Stage):
            self.environment, self.workdir = dict(base.environment), base.workdir
            self.layers = [os.path.join(base.dir, 'upper')] + base.layers
            self.mount_overlay()
        elif 'sdk' in base:
            self.environment = dict(BASES[base])
            self.layers = ['/']
            self.mount_overlay()
        else:
            self.environment = dict(BASES[base])
            self.make_chiselled()

    def mount_overlay(self):
        for one in ('upper', 'work'):
            os.makedirs(os.path.join(self.dir, one))
        run('mount', '-t', 'overlay', 'overlay', '-o', f'lowerdir={":".join(self.layers)},upperdir={self.dir}/upper,workdir={self.dir}/work', self.root)
        for one in ('/proc', '/dev'):
            run('mount', '--rbind', one, self.root + one)

    def make_chiselled(self):
        dotnet = os.path.dirname(os.path.realpath(shutil.which('dotnet')))
        for source, target in [('/usr/lib', '/usr/lib'), ('/usr/lib64', '/usr/lib64'), ('/etc/ssl', '/etc/ssl'), (dotnet, '/usr/share/dotnet'), ('/proc', '/proc'), ('/dev', '/dev')]:
            if os.path.isdir(source):
                os.makedirs(self.root + target)
                run('mount', '--rbind', source, self.root + target)
        for one in ('lib', 'lib64'):
            os.symlink('usr/' + one, os.path.join(self.root, one))
        with open(self.root + '/etc/passwd', 'w') as accounts:
            accounts.write('root:x:0:0:root:/root:/usr/sbin/nologin\napp:x:1654:1654::/home/app:/usr/sbin/nologin\n')
        for link in ('/etc/ld.so.cache', '/etc/ld.so.conf', '/etc/nsswitch.conf', '/etc/hosts'):
            if os.path.exists(link):
                shutil.copy(link, self.root + link)
        os.makedirs(self.root + '/tmp')
        os.chmod(self.root + '/tmp', 0o1777)

    def expand(self, text):
        return re.sub(r'\$(?:\{(\w+)\}|(\w+))', lambda match: self.environment.get(match[1] or match[2], ''), text)

    def path(self, path):
        return self.root + os.path.normpath(os.path.join(self.workdir, path))

    def copy(self, options, rest, context, stages):
        *sources, target = [self.expand(word) for word in shlex.split(rest)]
        source_root = stages[options['from']].root if 'from' in options else context
        destination = self.path(target)
        found = []
        for source in sources:
            directory, pattern = os.path.split(source.lstrip('/'))
            base = os.path.join(source_root, directory)
            names = [pattern] if not set(pattern) & set('*?[') else fnmatch.filter(os.listdir(base), pattern)
            found += [os.path.join(base, name) for name in names]
        if not found or not all(map(os.path.exists, found)):
            sys.exit(f'image.py: COPY {rest}: there is no such file in the context')
        for one in found:
            if os.path.isdir(one):
                shutil.copytree(one, destination, dirs_exist_ok=True, symlinks=True)
            else:
                into = os.path.join(destination, os.path.basename(one)) if target.endswith('/') or target == '.' or len(found) > 1 else destination
                os.makedirs(os.path.dirname(into), exist_ok=True)
                shutil.copy2(one, into)
        owner = self.expand(options.get('chown', '0:0'))
        run('chown', '-R', owner, destination)

    def do(self, name, options, rest, context, stages):
        if name == 'WORKDIR':
            self.workdir = self.expand(rest)
            os.makedirs(self.root + self.workdir, exist_ok=True)
        elif name == 'ENV':
            before = Stage.__new__(Stage)
            before.environment = dict(self.environment)
            for pair in shlex.split(rest):
                key, _, value = pair.partition('=')
                self.environment[key] = before.expand(value)
        elif name == 'COPY':
            self.copy(options, rest, context, stages)
        elif name == 'RUN':
            say(f'RUN {rest}')
            # The machine's own feeds, and caches.
            run('chroot', self.root, '/bin/sh', '-c', f'cd {shlex.quote(self.workdir)} && {rest}', env={**os.environ, **self.environment}, stdout=sys.stderr)
        elif name == 'USER':
            self.user = int(self.expand(rest))
        elif name == 'VOLUME':
            self.volumes += shlex.split(rest)
        elif name == 'EXPOSE':
            self.ports += rest.split()
        elif name == 'STOPSIGNAL':
            self.stop_signal = getattr(signal, rest)
        elif name == 'HEALTHCHECK':
            self.health = json.loads(rest.split(None, 1)[1])  # An array: there is no shell.
        elif name == 'ENTRYPOINT':
            self.entrypoint = json.loads(rest)
        elif name == 'CMD':
            self.command = json.loads(rest)
        else:
            sys.exit(f'image.py: {name} is not known here')

    def execute(self, command, network):
        """Starts a program in the image."""
        def enter():
            handle = os.open(network, os.O_RDONLY)
            if libc.setns(handle, CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), 'setns')
            os.chroot(self.root)
            os.chdir(self.workdir)
            os.setgroups([])
            os.setresgid(self.user, self.user, self.user)
            os.setresuid(self.user, self.user, self.user)
        return subprocess.Popen(command, env=self.environment, preexec_fn=enter, stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT)

def needed(instructions, target):
    """The stages that the target is made of."""
    stages, name = {}, None
    for kind, options, rest in instructions:
        if kind == 'FROM':
            base, _, name = rest.split() 
            stages[name] = {base}
        elif 'from' in options:
            stages[name].add(options['from'])
    found, todo = set(), [target]
    while todo:
        one = todo.pop()
        if one in stages and one not in found:
            found.add(one)
            todo += stages[one]
    return found

def main():
    dockerfile, target, output = sys.argv[1:]
    work = '/tmp/image'
    run('mount', '--make-rprivate', '/')
    os.makedirs(work, exist_ok=True)
    run('mount', '-t', 'tmpfs', 'tmpfs', work)
    context = os.path.join(work, 'context')
    clean_copy(os.path.dirname(os.path.abspath(dockerfile)), context)
    instructions = list(parse(dockerfile))
    wanted = needed(instructions, target)
    stages, stage = {}, None
    for name, options, rest in instructions:
        if name == 'FROM':
            base, _, alias = rest.split()
            stage = Stage(alias, stages.get(base, base), work) if alias in wanted else None
            stages[alias] = stage
        elif stage:
            stage.do(name, options, rest, context, stages)
    image = stages[target]
    shutil.copytree(image.root + '/app', output, dirs_exist_ok=True, symlinks=True)
    if not image.user:
        sys.exit('image.py: the image runs as root')
    say(f'built {target}')

    # A network of its own, so that the image's own ports are free.
    holder = subprocess.Popen(['unshare', '--net', 'sh', '-c', 'ip link set lo up && echo up && exec sleep infinity'], stdout=subprocess.PIPE, text=True)
    try:
        holder.stdout.readline()
        network = f'/proc/{holder.pid}/ns/net'
        server = image.execute(image.entrypoint + image.command, network)
        try:
            deadline = time.monotonic() + 90
            while (status := image.execute(image.health, network).wait()) != 0 and time.monotonic() < deadline and server.poll() is None:
                time.sleep(0.5)
            say(f'health check: status {status}')
            # As docker exec would, by name.
            listing = image.execute([shutil.which('rabbit', path=os.pathsep.join(image.root + one for one in image.environment['PATH'].split(':')))[len(image.root):], 'team', 'list'], network).wait()
            say(f'rabbit team list: status {listing}')
            say(f'user: {os.stat(f"/proc/{server.pid}").st_uid}')
            for volume in image.volumes:
                say(f'volume {volume}: {" ".join(sorted(os.listdir(image.root + volume)))}')
            server.send_signal(image.stop_signal)
            say(f'stopped: status {server.wait(timeout=60)}')
        finally:
            if server.poll() is None:
                server.kill()
    finally:
        holder.kill()

main()
