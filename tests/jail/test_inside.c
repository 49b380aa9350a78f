/* SPDX-License-Identifier: Apache-2.0 */
/* What a program sees inside a jail. */
#include "rig.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

static struct rig rig;

/* One run, and lines that its output must have or must not have. */
static void expect(struct rig *r, const char *const *has, const char *const *lacks)
{
    CHECK_INT(r->exit.code, 0);
    for (; *has; has++)
        CHECK_HAS(r->output, *has);
    for (; lacks && *lacks; lacks++)
        if (strstr(r->output, *lacks)) {
            printf("# found '%s' in '%.3000s'\n", *lacks, r->output);
            check_report(__FILE__, __LINE__, "output has what it must not have");
        }
}

static void test_identity(void)
{
    static const char *const has[] = {
        "uids 993 993 993 gids 990 990 990 groups 0\n",
        "pid 2 ppid 1 session 2 umask 022 cwd /var/task host 169.254.7.8\n",
        "nofile 1024 1024\n",
        "memlock 65536 65536\n",
        "stack 8388608 ",
        "CapInh:\t0000000000000000\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n"
        "CapBnd:\t0000000000000000\nCapAmb:\t0000000000000000\n",
        "NoNewPrivs:\t1\n",
        "Seccomp:\t2\n",
        "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\nSigCgt:\t0000000000000000\n",
        "fds: 0=/dev/null 1=pipe 2=pipe .\n",
        NULL,
    };
    if (!rig_init(&rig))
        return;
    if (rig_open(&rig) && rig_run(&rig, "ids", "limits", "cat", "/proc/self/status", "fds", NULL)) {
        expect(&rig, has, NULL);
        /* of the same user, the first process is counted too */
        CHECK_HAS(rig.output, rig_has_own_id(&rig) ? "nproc 65 65\n" : "nproc 64 64\n");
    }
    rig_close(&rig);
}

static void test_init_is_closed(void)
{
    static const char *const has[] = {"/proc/1/environ EACCES\n",
                                      "/proc/1/mem EACCES\n",
                                      "/proc/1/maps EACCES\n",
                                      "/proc/1/fd EACCES\n",
                                      "Name:\tinit\n",
                                      "CapPrm:\t0000000000000000\n",
                                      "Seccomp:\t2\n",
                                      NULL};
    static const char *const lacks[] = {"test_inside", "TEST_SECRET", NULL};
    if (!rig_init(&rig))
        return;
    setenv("TEST_SECRET", "1", 1);
    if (rig_open(&rig) &&
        rig_run(&rig, "cat", "/proc/1/environ", "cat", "/proc/1/mem", "cat", "/proc/1/maps", "ls",
                "/proc/1/fd", "cat", "/proc/1/cmdline", "cat", "/proc/1/status", NULL))
        expect(&rig, has, lacks);
    rig_close(&rig);
}

/* Strings of the caller's command line, which the first process hides, arrive all the same. */
static void test_own_arguments(void)
{
    char want[64];
    if (!rig_init(&rig))
        return;
    rig.spec.hostname = program_invocation_short_name;
    if (rig_open(&rig) &&
        rig_run(&rig, "ids", "write", "/tmp/x", program_invocation_name, "cat", "/tmp/x", NULL)) {
        snprintf(want, sizeof want, " host %.40s\n", program_invocation_short_name);
        CHECK_HAS(rig.output, want);
        CHECK_HAS(rig.output, program_invocation_name);
    }
    rig_close(&rig);
}

static void test_folders(void)
{
    static const char *const has[] = {"/dev: ",
                                      "/var: ",
                                      "/var/task: probe .\n",
                                      "/var/runtime: .\n",
                                      "/tmp: .\n",
                                      "/opt: .\n",
                                      "/run ENOENT\n",
                                      "/sys ENOENT\n",
                                      "/dev/shm ENOENT\n",
                                      "/home ENOENT\n",
                                      "/root ENOENT\n",
                                      NULL};
    static const char *const lacks[] = {"loop", "lost+found", "cache", "log", NULL};
    if (!rig_init(&rig))
        return;
    if (rig_open(&rig) && rig_run(&rig, "ls", "/dev", "ls", "/var", "ls", "/var/task", "ls",
                                  "/var/runtime", "ls", "/tmp", "ls", "/opt", "ls", "/run", NULL))
        CHECK_INT(rig.exit.code, 0);
    static char first[RIG_OUTPUT_MAX];
    snprintf(first, sizeof first, "%s", rig.output);
    if (rig.jail &&
        rig_run(&rig, "ls", "/sys", "ls", "/dev/shm", "ls", "/home", "ls", "/root", NULL)) {
        size_t len = strlen(first);
        snprintf(first + len, sizeof first - len, "%s", rig.output);
        snprintf(rig.output, sizeof rig.output, "%s", first);
        expect(&rig, has, lacks);
    }
    rig_close(&rig);
}

static void test_only_tmp_is_writable(void)
{
    static const char *const has[] = {
        "/ EROFS\n",         "/etc EROFS\n", "/usr EROFS\n", "/dev EROFS\n",
        "/var/task EROFS\n", "/opt EROFS\n", "/tmp ok\n",    NULL};
    static const char *const stats[] = {"/var/task 755 0:0\n",   "/opt 755 0:0\n",
                                        "/tmp 1777 0:0\n",       "/usr 755 0:0\n",
                                        "/etc/passwd 644 0:0\n", NULL};
    /* without a root inside, all is the caller's own or nobody's */
    static const char *const own_stats[] = {"/var/task 755 993:990\n",   "/opt 755 993:990\n",
                                            "/tmp 1777 993:990\n",       "/usr 755 65534:65534\n",
                                            "/etc/passwd 644 993:990\n", NULL};
    if (!rig_init(&rig))
        return;
    if (rig_open(&rig)) {
        if (rig_run(&rig, "create", "/", "create", "/etc", "create", "/usr", "create", "/dev",
                    "create", "/var/task", "create", "/opt", "create", "/tmp", NULL))
            expect(&rig, has, NULL);
        if (rig_run(&rig, "stat", "/var/task", "stat", "/opt", "stat", "/tmp", "stat", "/usr",
                    "stat", "/etc/passwd", NULL))
            expect(&rig, rig_has_own_id(&rig) ? own_stats : stats, NULL);
    }
    rig_close(&rig);
}

/* A shell's ">/dev/stderr" opens the pipe by name. */
static void test_streams_by_name(void)
{
    if (!rig_init(&rig))
        return;
    if (rig_open(&rig) && rig_run(&rig, "write", "/dev/stderr", "by stderr", "write", "/dev/stdout",
                                  "by stdout", NULL)) {
        CHECK_HAS(rig.output, "by stderr");
        CHECK_HAS(rig.output, "by stdout");
        CHECK(!strstr(rig.output, "EACCES"));
    }
    rig_close(&rig);
}

static void test_etc(void)
{
    static const char *const has[] = {
        "root:x:0:0:",
        "sbx_user1051:x:993:990::/home/sbx_user1051:/sbin/nologin\nroot:x:0:\n",
        "127.0.0.1 localhost",
        "/etc/resolv.conf ENOENT\n",
        "/etc/shadow ENOENT\n",
        "/etc/hostname ENOENT\n",
        NULL,
    };
    if (!rig_init(&rig))
        return;
    if (rig_open(&rig) &&
        rig_run(&rig, "cat", "/etc/passwd", "cat", "/etc/group", "cat", "/etc/hosts", "cat",
                "/etc/resolv.conf", "cat", "/etc/shadow", "cat", "/etc/hostname", NULL))
        expect(&rig, has, NULL);
    rig_close(&rig);
}

static void test_proc(void)
{
    static const char *const has[] = {"/proc/sys/kernel/hostname EROFS\n",
                                      "/proc/sys/user/max_user_namespaces EROFS\n", "\n0\n", NULL};
    if (!rig_init(&rig))
        return;
    if (rig_open(&rig)) {
        if (rig_run(&rig, "cat", "/proc/kallsyms", "cat", "/proc/keys", "cat", "/proc/timer_list",
                    NULL))
            CHECK_STR(rig.output, "");
        if (rig_run(&rig, "write", "/proc/sys/kernel/hostname", "x", "write",
                    "/proc/sys/user/max_user_namespaces", "9", "cat",
                    "/proc/sys/user/max_user_namespaces", NULL))
            expect(&rig, has, NULL);
    }
    rig_close(&rig);
}

static void test_network_none(void)
{
    static const char *const has[] = {"connect ok\n", "connect ENETUNREACH\n", NULL};
    if (!rig_init(&rig))
        return;
    rig.spec.listen_addr = "169.254.100.1";
    rig.spec.listen_port = 9001;
    if (rig_open(&rig) && rig_start(&rig, "connect", "169.254.100.1", "9001", "connect",
                                    "169.254.169.254", "80", "cat", "/proc/net/dev", NULL)) {
        char text[8] = "";
        CHECK(rig.io.listen_fd >= 0);
        CHECK(fcntl(rig.io.listen_fd, F_GETFD) & FD_CLOEXEC);
        if (rig_finish(&rig)) {
            AUTO_FD int peer = accept4(rig.io.listen_fd, NULL, NULL, SOCK_CLOEXEC);
            CHECK_INT(read(peer, text, sizeof text - 1), 5);
            CHECK_STR(text, "hello");
            expect(&rig, has, NULL);
            CHECK(!strstr(rig.output, "eth"));
        }
    }
    rig_close(&rig);
}

static void test_network_host(void)
{
    if (!rig_init(&rig))
        return;
    rig.spec.network = JAIL_NETWORK_HOST;
    AUTO_FD int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    CHECK_INT(bind(listener, (struct sockaddr *)&at, sizeof at), 0);
    CHECK_INT(listen(listener, 1), 0);
    getsockname(listener, (struct sockaddr *)&at, &len);
    char port[8];
    snprintf(port, sizeof port, "%u", ntohs(at.sin_port));
    if (rig_open(&rig) &&
        rig_run(&rig, "connect", "127.0.0.1", port, "connect", "169.254.169.254", "80", NULL)) {
        CHECK_HAS(rig.output, "connect ok\n");
        CHECK_INT(rig.io.listen_fd, -1);
        if (jail_refuses_metadata(rig.jail))
            CHECK_HAS(rig.output, "connect EPERM\n");
        else
            printf("# this host does not refuse metadata addresses\n");
    }
    rig_close(&rig);
}

static void make_file(const char *folder, const char *name, const char *text)
{
    char path[256];
    mkdir(folder, 0755);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    AUTO_FD int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
}

static void remove_file(const char *folder, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    unlink(path);
    rmdir(folder);
}

/* Layers merge, the later wins, and a file can be put on top of them. */
static void test_layers(void)
{
    static const char *const has[] = {"from two\n",  "only one\n",   "only two\n",
                                      "/opt/probe ", "/opt EROFS\n", NULL};
    char one[96], two[96];
    if (!rig_init(&rig))
        return;
    snprintf(one, sizeof one, "%s/one", rig.folder);
    snprintf(two, sizeof two, "%s/two", rig.folder);
    make_file(one, "a", "from one\n");
    make_file(one, "b", "only one\n");
    make_file(two, "a", "from two\n");
    make_file(two, "c", "only two\n");
    rig.spec.layers[0] = one;
    rig.spec.layers[1] = two;
    rig.spec.nlayers = 2;
    for (int with_bind = 0; with_bind < 2; with_bind++) {
        if (with_bind)
            rig.spec.binds[rig.spec.nbinds++] =
                (struct jail_bind){rig_file(PROBE_PATH), "/opt/probe"};
        if (rig_open(&rig) &&
            rig_run(&rig, "cat", "/opt/a", "cat", "/opt/b", "cat", "/opt/c", "create", "/opt",
                    "stat", "/opt/a", "stat", "/opt/probe", NULL)) {
            expect(&rig, has, NULL);
            CHECK_HAS(rig.output,
                      rig_has_own_id(&rig) ? "/opt/a 644 993:990\n" : "/opt/a 644 0:0\n");
            CHECK(with_bind == !strstr(rig.output, "/opt/probe ENOENT"));
        }
        jail_close(rig.jail, NULL);
        rig.jail = NULL;
    }
    remove_file(one, "b");
    remove_file(one, "a");
    remove_file(two, "c");
    remove_file(two, "a");
    rig_close(&rig);
}

static void test_exec_errors(void)
{
    static const struct {
        const char *path;
        int error;
    } rows[] = {
        {"/var/task/missing", ENOENT}, {"/var/task/probe2", EACCES}, {"/etc/passwd", EACCES}};
    static const char *const argv[] = {"x", NULL}, *const envp[] = {NULL};
    if (!rig_init(&rig))
        return;
    rig.spec.binds[rig.spec.nbinds++] =
        (struct jail_bind){rig_file(POLICY_PATH), "/var/task/probe2"};
    for (size_t i = 0; rig_open(&rig) && i < ARRAY_LEN(rows); i++) {
        struct jail_program p = {
            .path = rows[i].path, .argv = argv, .envp = envp, .cwd = "/var/task"};
        struct err err = {0};
        if (jail_spawn(rig.jail, &p, &rig.io, &err) == 0 && rig_finish(&rig)) {
            CHECK(rig.exit.exec_failed);
            CHECK_INT(rig.exit.exec_errno, rows[i].error);
        } else {
            CHECK_STR(err.msg, "");
        }
        jail_close(rig.jail, NULL);
        rig.jail = NULL;
    }
    rig_close(&rig);
}

/* What is wrong is said before anything is made, and by its name. */
static void test_wrong_specs(void)
{
    struct err err = {0};
    if (!rig_init(&rig))
        return;
    const struct jail_spec good = rig.spec;
    rig.spec.hostname = "a b";
    CHECK(!jail_open(&rig.spec, &err) && err.kind == ERR_INPUT);
    CHECK_HAS(err.msg, "host name 'a b'");
    rig.spec = good;
    rig.spec.limits.memory_bytes = 1;
    CHECK(!jail_open(&rig.spec, &err) && err.kind == ERR_INPUT);
    CHECK_HAS(err.msg, "memory is 1");
    rig.spec = good;
    rig.spec.binds[0].target = "/var/../etc";
    CHECK(!jail_open(&rig.spec, &err) && err.kind == ERR_INPUT);
    CHECK_HAS(err.msg, "'/var/../etc'");
    rig.spec = good;
    rig.spec.policy_path = "/nowhere/x.policy";
    CHECK(!jail_open(&rig.spec, &err) && err.kind == ERR_INPUT);
    CHECK_HAS(err.msg, "/nowhere/x.policy");
    rig.spec = good;
    rig.spec.cache_dir = "/proc";
    CHECK(!jail_open(&rig.spec, &err) && err.kind == ERR_HOST);
    CHECK_HAS(err.msg, "/proc");
    rig.spec = good;
    rig.spec.binds[0].source = "/nowhere/function";
    static const char *const argv[] = {"x", NULL}, *const envp[] = {NULL};
    struct jail_program p = {.path = "/x", .argv = argv, .envp = envp, .cwd = "/"};
    if (rig_open(&rig)) {
        CHECK(jail_spawn(rig.jail, &p, &rig.io, &err) < 0);
        CHECK_INT(err.kind, ERR_INPUT);
        CHECK_HAS(err.msg, "/nowhere/function");
    }
    rig_close(&rig);
}

static const struct check_test table[] = {
    {"identity", test_identity},
    {"init_is_closed", test_init_is_closed},
    {"own_arguments", test_own_arguments},
    {"streams_by_name", test_streams_by_name},
    {"folders", test_folders},
    {"only_tmp_is_writable", test_only_tmp_is_writable},
    {"etc", test_etc},
    {"proc", test_proc},
    {"network_none", test_network_none},
    {"network_host", test_network_host},
    {"layers", test_layers},
    {"exec_errors", test_exec_errors},
    {"wrong_specs", test_wrong_specs},
};
CHECK_MAIN(table)
