/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "jail/ids.h"
#include "jail/places.h"
#include "jail/slot.h"

#define MIB      (1024ull * 1024)
#define LEFT_MS  60000
#define ROOT_DIR "/var/tmp"

int64_t rig_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool rig_init(struct rig *r)
{
    memset(r, 0, sizeof *r);
    r->io = (struct jail_io){-1, -1, -1, -1};
    snprintf(r->folder, sizeof r->folder, ROOT_DIR "/clambda-jail-XXXXXX");
    if (!mkdtemp(r->folder)) {
        check_report(__FILE__, __LINE__, "mkdtemp in " ROOT_DIR);
        return false;
    }
    chmod(r->folder, 0755);
    snprintf(r->cache, sizeof r->cache, "%s/cache", r->folder);
    r->spec = (struct jail_spec){
        .hostname = "169.254.7.8",
        .user_name = "sbx_user1051",
        .uid = 993,
        .gid = 990,
        .limits = {.memory_bytes = 128 * MIB,
                   .tmp_bytes = 64 * MIB,
                   .cpu_permille = 72,
                   .processes = 64,
                   .files = 1024},
        .network = JAIL_NETWORK_NONE,
        .binds = {{rig_file(PROBE_PATH), "/var/task/probe"}},
        .nbinds = 1,
        .policy_path = rig_file(POLICY_PATH),
        .cache_dir = r->cache,
        .relax = geteuid() == 0 ? 0 : 1u << JAIL_LIMIT_MEMORY | 1u << JAIL_LIMIT_CPU,
    };
    return true;
}

const char *rig_file(const char *built)
{
    static char paths[8][256];
    static size_t next;
    const char *folder = getenv("JAIL_TEST_FILES");
    if (!folder)
        return built;
    char *path = paths[next++ % ARRAY_LEN(paths)];
    snprintf(path, sizeof *paths, "%s/%s", folder, strrchr(built, '/') + 1);
    return path;
}

bool rig_has_own_id(const struct rig *r)
{
    return jail_outer_uid(r->jail) == geteuid();
}

bool rig_open_with_group(struct rig *r, enum jail_limit limit)
{
    if (!rig_open(r))
        return false;
    const struct jail_hold *hold = jail_hold(r->jail, limit);
    if (hold->mechanism && strncmp(hold->mechanism, "cgroup", 6) == 0)
        return true;
    printf("# %s by a control group here: %s\n", limit_missing[limit], hold->why);
    return false;
}

bool rig_open(struct rig *r)
{
    struct err err = {0};
    r->jail = jail_open(&r->spec, &err);
    if (!r->jail)
        check_report(__FILE__, __LINE__, err.msg);
    return r->jail != NULL;
}

static void close_io(struct rig *r)
{
    int *const fds[] = {&r->io.stdout_fd, &r->io.stderr_fd, &r->io.listen_fd, &r->io.exit_fd};
    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        attr_close(fds[i]);
        *fds[i] = -1;
    }
}

static bool start(struct rig *r, va_list args)
{
    static const char *const envp[] = {"PATH=/usr/bin:/bin", NULL};
    const char *argv[RIG_ARGS_MAX + 2] = {"probe"};
    for (size_t i = 1; i <= RIG_ARGS_MAX && (argv[i] = va_arg(args, const char *)); i++)
        ;
    const struct jail_program program = {
        .path = "/var/task/probe", .argv = argv, .envp = envp, .cwd = "/var/task"};
    struct err err = {0};
    close_io(r);
    r->output_len = 0;
    r->output[0] = 0;
    if (jail_spawn(r->jail, &program, &r->io, &err) == 0)
        return true;
    check_report(__FILE__, __LINE__, err.msg);
    return false;
}

bool rig_start(struct rig *r, ...)
{
    va_list args;
    va_start(args, r);
    bool ok = start(r, args);
    va_end(args);
    return ok;
}

static bool drain(struct rig *r, int fd)
{
    bool any = false;
    while (r->output_len < sizeof r->output - 1) {
        ssize_t n = read(fd, r->output + r->output_len, sizeof r->output - 1 - r->output_len);
        if (n <= 0)
            break;
        any = true;
        /* the output is searched as a text */
        for (ssize_t i = 0; i < n; i++)
            if (!r->output[r->output_len + (size_t)i])
                r->output[r->output_len + (size_t)i] = '\n';
        r->output_len += (size_t)n;
        r->output[r->output_len] = 0;
    }
    return any;
}

bool rig_wait_output(struct rig *r, const char *text)
{
    int64_t end = rig_now_ms() + RIG_PATIENCE_MS;
    while (rig_now_ms() < end) {
        struct pollfd fds[] = {
            {r->io.stdout_fd, POLLIN, 0}, {r->io.stderr_fd, POLLIN, 0}, {r->io.exit_fd, POLLIN, 0}};
        if (text && strstr(r->output, text))
            return true;
        poll(fds, ARRAY_LEN(fds), 1000);
        bool any = drain(r, r->io.stdout_fd);
        any = drain(r, r->io.stderr_fd) || any;
        if (fds[2].revents && !any)
            return !text || strstr(r->output, text);
        if (!any && !fds[2].revents && (fds[0].revents || fds[1].revents))
            usleep(1000);
    }
    check_report(__FILE__, __LINE__, text ? text : "the program did not end");
    printf("# output so far: %.2000s\n", r->output);
    return false;
}

bool rig_finish(struct rig *r)
{
    struct err err = {0};
    if (!rig_wait_output(r, NULL))
        return false;
    bool ok = jail_wait(r->jail, &r->exit, &err) == 0;
    if (!ok)
        check_report(__FILE__, __LINE__, err.msg);
    drain(r, r->io.stdout_fd);
    drain(r, r->io.stderr_fd);
    return ok;
}

bool rig_run(struct rig *r, ...)
{
    va_list args;
    va_start(args, r);
    bool ok = start(r, args);
    va_end(args);
    return ok && rig_finish(r);
}

void rig_remove(struct rig *r)
{
    char path[512];
    DIR *dir = opendir(r->cache);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        snprintf(path, sizeof path, "%s/%s", r->cache, e->d_name);
        if (e->d_name[0] != '.')
            unlink(path);
    }
    if (dir)
        closedir(dir);
    rmdir(r->cache);
    if (rmdir(r->folder) < 0)
        check_report(__FILE__, __LINE__, "the test folder is not empty");
}

void rig_close(struct rig *r)
{
    struct err err = {0};
    if (r->jail) {
        unsigned slot = jail_slot(r->jail);
        jail_close(r->jail, &err);
        CHECK_STR(err.msg, "");
        CHECK_INT(rig_count_left(slot, getpid(), r->cache), 0);
    }
    r->jail = NULL;
    close_io(r);
    rig_remove(r);
}

static int count_files(const char *pattern)
{
    glob_t found;
    int n = glob(pattern, GLOB_NOSORT, NULL, &found) == 0 ? (int)found.gl_pathc : 0;
    globfree(&found);
    return n;
}

/* A zombie holds nothing; when its parent was killed, the host's own init reaps it in its time.
 * Gives the session of a living process, 0 for others. */
static int living_session(int proc, const char *pid)
{
    char path[300], text[512] = "", state = 'Z';
    int session = 0;
    snprintf(path, sizeof path, "%s/stat", pid);
    AUTO_FD int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
    const char *at = fd >= 0 && read(fd, text, sizeof text - 1) > 0 ? strrchr(text, ')') : NULL;
    if (!at || sscanf(at, ") %c %*d %*d %d", &state, &session) != 2)
        return 0;
    return state == 'Z' || state == 'X' ? 0 : session;
}

/* Of the slot's ids, which only root's jails have, and of a session that the killed process has
 * led. */
static int count_processes(unsigned slot, int leader)
{
    int n = 0;
    DIR *proc = opendir("/proc");
    for (struct dirent *e; proc && (e = readdir(proc));) {
        struct stat st;
        if (e->d_name[0] < '1' || e->d_name[0] > '9' || fstatat(dirfd(proc), e->d_name, &st, 0) < 0)
            continue;
        int session = living_session(dirfd(proc), e->d_name);
        bool inside = geteuid() == 0 && slot < SLOT_COUNT &&
                      (st.st_uid == IDS_OUTER_ROOT(slot) || st.st_uid == IDS_OUTER_USER(slot));
        n += session != 0 && (inside || (session == leader && leader != getsid(0)));
    }
    if (proc)
        closedir(proc);
    return n;
}

/* Takes the slot meanwhile, or looks at no ids: those of a new owner are the same. */
static int count_processes_left(unsigned slot, int leader)
{
    char path[256];
    if (slot >= SLOT_COUNT)
        return count_processes(slot, leader);
    char folder[sizeof path - 16];
    struct err ignored;
    if (places_slots(folder, sizeof folder, &ignored) < 0)
        return count_processes(SLOT_COUNT, leader);
    snprintf(path, sizeof path, "%s/slot.%u", folder, slot);
    AUTO_FD int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    bool taken = lock < 0 || flock(lock, LOCK_EX | LOCK_NB) < 0;
    int n = count_processes(taken ? SLOT_COUNT : slot, leader);
    if (!taken)
        unlink(path);
    return n;
}

static int count_loops(const char *cache)
{
    int n = 0;
    glob_t found;
    if (glob("/sys/block/loop*/loop/backing_file", GLOB_NOSORT, NULL, &found) != 0)
        return 0;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        char text[512] = "";
        AUTO_FD int fd = open(found.gl_pathv[i], O_RDONLY | O_CLOEXEC);
        n += fd >= 0 && read(fd, text, sizeof text - 1) > 0 && strstr(text, cache);
    }
    globfree(&found);
    return n;
}

int rig_count_left(unsigned slot, int pid, const char *cache)
{
    char groups[3][96];
    static const char *const depths[] = {"*", "*/*", "*/*/*"};
    char number[16] = "*";
    if (slot < SLOT_COUNT)
        snprintf(number, sizeof number, "%u", slot);
    for (size_t i = 0; i < ARRAY_LEN(groups); i++)
        snprintf(groups[i], sizeof groups[i], "/sys/fs/cgroup/%s/clambda.%s.%d", depths[i], number,
                 pid);
    int64_t end = rig_now_ms() + LEFT_MS;
    for (;;) {
        int processes = count_processes_left(slot, pid), loops = count_loops(cache), n = 0;
        for (size_t i = 0; i < ARRAY_LEN(groups); i++)
            n += count_files(groups[i]);
        if (processes + loops + n == 0)
            return 0;
        if (rig_now_ms() > end) {
            printf("# left: %d processes, %d loop devices, %d control groups\n", processes, loops,
                   n);
            return processes + loops + n;
        }
        usleep(2000);
    }
}
