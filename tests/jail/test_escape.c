/* SPDX-License-Identifier: Apache-2.0 */
/* A hostile program inside tries to get out, by the attempts of escape_rows.c. */
#include "rig.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <linux/xattr.h>
#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "escape_rows.h"

#define LIST_MAX   16384
#define RESULT_MAX 512
#define INSIDE_MAX 1000 /* ids of processes inside are below */
#define SCOPE_ABI  6    /* of Landlock: abstract sockets and signals, Linux 6.12 */

static struct rig rig;
/* Of the host, to be reached from inside. */
static struct {
    int stream, datagram, file, tcp;
    char name[32], file_path[96];
    unsigned port;
} host = {-1, -1, -1, -1, "", "", 0};

static int listen_local(int type, const char *name, bool abstract)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    snprintf(at.sun_path + abstract, sizeof at.sun_path - 1, "%s", name);
    socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + abstract + strlen(name));
    AUTO_FD int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, len) < 0 ||
        (type == SOCK_STREAM && listen(fd, 8) < 0))
        check_report(__FILE__, __LINE__, name);
    return TAKE_FD(fd);
}

static int listen_tcp(unsigned *out_port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    AUTO_FD int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) < 0 || listen(fd, 8) < 0 ||
        getsockname(fd, (struct sockaddr *)&at, &len) < 0)
        check_report(__FILE__, __LINE__, "listen on the host's loopback");
    *out_port = ntohs(at.sin_port);
    return TAKE_FD(fd);
}

static void host_open(void)
{
    CHECK(shmget(getpid(), 4096, IPC_CREAT | 0666) >= 0);
    CHECK(msgget(getpid(), IPC_CREAT | 0666) >= 0);
    CHECK(semget(getpid(), 1, IPC_CREAT | 0666) >= 0);
    char name[48];
    static unsigned count;
    snprintf(host.name, sizeof host.name, "escape.%d.%u", getpid(), ++count);
    snprintf(name, sizeof name, "%s-dgram", host.name);
    snprintf(host.file_path, sizeof host.file_path, "%s/socket", rig.folder);
    host.stream = listen_local(SOCK_STREAM, host.name, true);
    host.datagram = listen_local(SOCK_DGRAM, name, true);
    host.file = listen_local(SOCK_STREAM, host.file_path, false);
    chmod(host.file_path, 0777);
    host.tcp = listen_tcp(&host.port);
}

/* Nobody has knocked. */
static void host_close(void)
{
    int *const fds[] = {&host.stream, &host.datagram, &host.file, &host.tcp};
    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        struct pollfd fd = {.fd = *fds[i], .events = POLLIN};
        CHECK_INT(poll(&fd, 1, 0), 0);
        attr_close(fds[i]);
        *fds[i] = -1;
    }
    unlink(host.file_path);
    shmctl(shmget(getpid(), 0, 0), IPC_RMID, NULL);
    msgctl(msgget(getpid(), 0), IPC_RMID, NULL);
    semctl(semget(getpid(), 0, 0), 0, IPC_RMID);
}

static void fill_line(const char *line, char out[static RESULT_MAX])
{
    size_t len = 0;
    for (; *line && len < RESULT_MAX - 64; line++) {
        if (*line == '@')
            len += (size_t)sprintf(out + len, "%s", host.name);
        else if (*line == '#')
            len += (size_t)sprintf(out + len, "%d", getpid());
        else if (*line == '%')
            len += (size_t)sprintf(out + len, "%u", host.port);
        else
            out[len++] = *line;
    }
    out[len] = 0;
}

static bool is_wanted(const char *want, const char *got, size_t len)
{
    for (const char *end; *want; want = *end ? end + 1 : end) {
        end = strchrnul(want, '|');
        size_t part = (size_t)(end - want);
        bool begins = part && want[part - 1] == '*';
        part -= begins;
        if ((begins ? len >= part : len == part) && memcmp(want, got, part) == 0)
            return true;
    }
    return false;
}

static void check_attempt(const struct attempt *a)
{
    char line[RESULT_MAX], text[RESULT_MAX + 8];
    fill_line(a->line, line);
    snprintf(text, sizeof text, "%s => ", line);
    const char *at = strstr(rig.output, text);
    const char *got = at ? at + strlen(text) : "no answer\n";
    size_t len = strcspn(got, "\n");
    if (is_wanted(a->want, got, len))
        return;
    printf("# '%s' gave '%.*s', wanted '%s'\n", line, (int)len, got, a->want);
    check_report(__FILE__, __LINE__, a->line);
}

static bool write_list(const char *path, const struct attempts *attempts)
{
    char line[RESULT_MAX];
    FILE *out = fopen(path, "we");
    for (size_t i = 0; out && i < attempts->count; i++) {
        fill_line(attempts->rows[i].line, line);
        fprintf(out, "%s\n", line);
    }
    return out && fclose(out) == 0;
}

static void try_rows(const struct attempts *attempts)
{
    char list[96];
    snprintf(list, sizeof list, "%s/attempts", rig.folder);
    if (!write_list(list, attempts)) {
        check_report(__FILE__, __LINE__, "write the attempts");
        return;
    }
    rig.spec.binds[rig.spec.nbinds++] = (struct jail_bind){list, "/var/task/attempts"};
    if (rig_open(&rig) && rig_run(&rig, "try", "/var/task/attempts", NULL)) {
        CHECK_INT(rig.exit.code, 0);
        CHECK_HAS(rig.output, "all tried\n");
        for (size_t i = 0; i < attempts->count; i++)
            check_attempt(&attempts->rows[i]);
    }
    unlink(list);
}

static void try_table(enum jail_network network, const struct attempts *attempts)
{
    if (check_skip_text || !rig_init(&rig))
        return;
    setenv("ESCAPE_TEST", "hidden_ellsecret", 1);
    rig.spec.network = network;
    host_open();
    try_rows(attempts);
    host_close();
    rig_close(&rig);
}

static void try_both(const struct attempts *attempts)
{
    try_table(JAIL_NETWORK_NONE, attempts);
    try_table(JAIL_NETWORK_HOST, attempts);
}

static void test_proc(void)
{
    try_both(&attempts_proc);
}

static void test_files(void)
{
    try_both(&attempts_file);
}

static void test_processes(void)
{
    try_both(&attempts_process);
}

/* Abstract names are not bound to a folder: with the host's network, only Landlock keeps them. */
static void test_sockets(void)
{
    try_table(JAIL_NETWORK_NONE, &attempts_socket);
    try_table(JAIL_NETWORK_NONE, &attempts_no_network);
    try_table(JAIL_NETWORK_NONE, &attempts_abstract);
    try_table(JAIL_NETWORK_HOST, &attempts_socket);
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi >= SCOPE_ABI)
        try_table(JAIL_NETWORK_HOST, &attempts_abstract);
    else
        printf("# with the host's network its abstract sockets can be reached: Landlock is %ld\n",
               abi);
}

static void test_metadata(void)
{
    struct err err = {0};
    try_table(JAIL_NETWORK_NONE, &attempts_metadata);
    if (check_skip_text || !rig_init(&rig))
        return;
    rig.spec.network = JAIL_NETWORK_HOST;
    bool refused = rig_open(&rig) && jail_refuses_metadata(rig.jail);
    jail_close(rig.jail, &err);
    rig.jail = NULL;
    rig_close(&rig);
    if (refused)
        try_table(JAIL_NETWORK_HOST, &attempts_metadata);
    else
        printf("# with the host's network, this host does not refuse metadata addresses\n");
}

/* Every capability, permitted and effective. False where the caller may not give any. */
static bool give_capabilities(const char *path)
{
    const struct vfs_cap_data all = {.magic_etc =
                                         htole32(VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE),
                                     .data = {{~0u, 0}, {~0u, 0}}};
    return setxattr(path, XATTR_NAME_CAPS, &all, XATTR_CAPS_SZ_2, 0) == 0;
}

static void copy_probe(char path[static 96], const char *name, mode_t mode)
{
    static char block[1 << 22];
    snprintf(path, 96, "%s/files/%s", rig.folder, name);
    AUTO_FD int in = open(rig_file(PROBE_PATH), O_RDONLY | O_CLOEXEC);
    AUTO_FD int out = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
    ssize_t n = read(in, block, sizeof block);
    CHECK(n > 0 && write(out, block, (size_t)n) == n && fchmod(out, mode) == 0);
}

/* Files that give rights: in a folder of the function, in a layer, in /tmp. The host's own are in
 * mounts of the same kind, see flags. */
static void test_files_with_rights(void)
{
    char suid[96], sgid[96], caps[96], folder[96];
    if (!rig_init(&rig))
        return;
    snprintf(folder, sizeof folder, "%s/files", rig.folder);
    mkdir(folder, 0755);
    copy_probe(suid, "suid", 04755);
    copy_probe(sgid, "sgid", 02755);
    copy_probe(caps, "caps", 0755);
    if (!give_capabilities(caps))
        printf("# the caller may not give capabilities to a file\n");
    rig.spec.layers[rig.spec.nlayers++] = folder;
    rig.spec.binds[rig.spec.nbinds++] = (struct jail_bind){folder, "/var/task/files"};
    host_open();
    try_rows(&attempts_file_rights);
    host_close();
    unlink(suid);
    unlink(sgid);
    unlink(caps);
    rmdir(folder);
    rig_close(&rig);
}

static const struct check_test table[] = {
    {"proc", test_proc},           {"files", test_files},
    {"processes", test_processes}, {"sockets", test_sockets},
    {"metadata", test_metadata},   {"files_with_rights", test_files_with_rights},
};

/* Goes on in a process whose id nobody inside has as well: on a young host it could be. */
static void leave_small_ids(void)
{
    int status = 0;
    for (pid_t pid = getpid(); pid < INSIDE_MAX;) {
        pid = fork();
        if (pid == 0 && getpid() >= INSIDE_MAX)
            return;
        if (pid == 0)
            _exit(0);
        if (pid < 0 || waitpid(pid, &status, 0) != pid)
            exit(1);
        if (pid >= INSIDE_MAX)
            exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
    }
}

int main(int argc, char **argv)
{
    leave_small_ids();
    return check_main(table, ARRAY_LEN(table), argc, argv);
}
