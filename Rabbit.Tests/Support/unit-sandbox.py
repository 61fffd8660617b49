"""unit-sandbox.py UNIT ACCOUNT WRITABLE PROGRAM COMMAND...: becomes the program, with the arguments of the command, as this account and under those limits of a systemd unit that need no
systemd: its filter of system calls, address families, namespaces, descriptors, umask, capabilities, a read-only file system. Needs root."""
import ctypes, errno, os, pwd, resource, subprocess, sys

unit, account, writable, program, *command = sys.argv[1:]
settings = {}
for line in open(unit):
    name, sign, value = line.strip().partition('=')
    if sign and not line.startswith('#'):
        settings.setdefault(name, []).append(value)

def calls(group):
    """The system calls of a group, as systemd knows them."""
    if not group.startswith('@'):
        return {group}
    found = set()
    for line in subprocess.run(['systemd-analyze', 'syscall-filter', group], check=True, capture_output=True, text=True).stdout.splitlines()[1:]:
        if word := line.split('#')[0].strip():
            found |= calls(word)
    return found

# The first list says what is allowed; one that begins with ~ takes away from it (systemd.exec(5)). @default is always allowed.
allowed = set()
for value in settings['SystemCallFilter']:
    names = set().union(*(calls(group) for group in value.lstrip('~').split()))
    allowed = allowed - names if value.startswith('~') else allowed | names
allowed |= calls('@default')
families = [getattr(__import__('socket'), name) for name in settings['RestrictAddressFamilies'][0].split()]

libc = ctypes.CDLL('libc.so.6', use_errno=True)
seccomp = ctypes.CDLL('libseccomp.so.2')
seccomp.seccomp_init.restype = ctypes.c_void_p
ERRNO = 0x00050000 | errno.EPERM
ALLOW = 0x7fff0000

class Compare(ctypes.Structure):
    _fields_ = [('arg', ctypes.c_uint), ('op', ctypes.c_int), ('a', ctypes.c_uint64), ('b', ctypes.c_uint64)]

def fail_on(result, what):
    if result != 0:
        sys.exit(f'unit-sandbox: {what} failed: {result}')

def rule(name, *compare):
    number = seccomp.seccomp_syscall_resolve_name(name.encode())
    if number >= 0:  # Others are of other machines.
        compared = (Compare * max(1, len(compare)))(*compare)
        fail_on(seccomp.seccomp_rule_add_array(ctypes.c_void_p(context), ALLOW, number, len(compare), compared), name)

MS_REC, MS_PRIVATE, MS_BIND, MS_REMOUNT, MS_RDONLY, MS_NOSUID = 0x4000, 1 << 18, 0x1000, 0x20, 1, 2
def mount(source, target, kind, flags):
    if libc.mount(source, target, kind, flags, None) != 0:
        sys.exit(f'unit-sandbox: mount of {target} failed: {os.strerror(ctypes.get_errno())}')

# ProtectSystem=strict and StateDirectory=.
assert settings['ProtectSystem'] == ['strict']
CLONE_NEWNS = 0x20000
if libc.unshare(CLONE_NEWNS) != 0:
    sys.exit('unit-sandbox: unshare failed')
mount(b'none', b'/', None, MS_REC | MS_PRIVATE)
mount(writable.encode(), writable.encode(), None, MS_BIND)
# The program may be where the account has no business.
mount(os.path.dirname(program).encode(), b'/mnt', None, MS_BIND)
command[0] = os.path.join('/mnt', os.path.basename(program))
mount(b'/', b'/', None, MS_BIND | MS_REMOUNT | MS_RDONLY)

# Not every test machine lets root raise it.
limit = min(int(settings['LimitNOFILE'][0]), resource.getrlimit(resource.RLIMIT_NOFILE)[1])
resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
os.umask(int(settings['UMask'][0], 8))
user = pwd.getpwnam(account)
os.setgroups([])
os.setresgid(user.pw_gid, user.pw_gid, user.pw_gid)
os.setresuid(user.pw_uid, user.pw_uid, user.pw_uid)  # Takes all capabilities, too.
PR_SET_NO_NEW_PRIVS = 38
fail_on(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 'no_new_privs')

context = seccomp.seccomp_init(ERRNO)
MASKED_EQ, EQ = 7, 4
NAMESPACES = 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000 | 0x00020000
for name in sorted(allowed):
    if name == 'socket':
        for family in families:
            rule(name, Compare(0, EQ, family, 0))
    elif name in ('clone', 'unshare'):
        rule(name, Compare(0, MASKED_EQ, NAMESPACES, 0))
    elif name == 'clone3':
        continue  # As systemd has it with RestrictNamespaces=: programs then use clone.
    else:
        rule(name)
# clone3 must look as if the kernel had none.
fail_on(seccomp.seccomp_rule_add_array(ctypes.c_void_p(context), 0x00050000 | errno.ENOSYS, seccomp.seccomp_syscall_resolve_name(b'clone3'), 0, (Compare * 1)()), 'clone3')
rule('execve')
fail_on(seccomp.seccomp_load(ctypes.c_void_p(context)), 'seccomp_load')
for pair in settings.get('Environment', []):
    for word in pair.split():
        name, _, value = word.partition('=')
        if '%' not in value:
            os.environ[name] = value
os.execvp(command[0], command)
