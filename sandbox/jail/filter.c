/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/hash.h"
#include "jail/assemble.h"
#include "jail/files.h"
#include "jail/policy.h"

#define FILTER_MAGIC 0x32464c43u /* "CLF2" */

/* A cached filter is valid for exactly this: head and policy are compared byte by byte. */
struct cache_head {
    uint32_t magic;
    uint32_t program;
    uint32_t version[3]; /* of the library that knows the names */
    uint32_t arch;
    uint32_t uid;
    uint32_t policy_len;
    uint32_t count;
};

static struct cache_head head_new(size_t policy_len)
{
    const struct scmp_version *v = seccomp_version();
    return (struct cache_head){.magic = FILTER_MAGIC,
                               .program = ASSEMBLE_VERSION,
                               .version = {v->major, v->minor, v->micro},
                               .arch = seccomp_arch_native(),
                               .uid = geteuid(),
                               .policy_len = (uint32_t)policy_len};
}

/* Only picks the file, which is then compared. */
static void cache_name(char name[static 32], const struct cache_head *head, const char *policy)
{
    uint64_t hash = hash_bytes(head, offsetof(struct cache_head, count));
    hash = hash_add(hash, policy, head->policy_len);
    snprintf(name, 32, "filter-%016" PRIx64, hash);
}

static bool read_all(int fd, void *out, size_t len)
{
    char *at = out;
    while (len > 0) {
        ssize_t n = read(fd, at, len);
        if (n <= 0 && !(n < 0 && errno == EINTR))
            return false;
        at += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* False for anything but a file that this program wrote for this very policy. */
static bool cache_read(int fd, const struct cache_head *want, const char *policy, struct filter *f)
{
    struct stat st;
    struct cache_head head;
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
        (st.st_mode & 022) || !read_all(fd, &head, sizeof head))
        return false;
    uint32_t count = head.count;
    head.count = want->count;
    if (memcmp(&head, want, sizeof head) != 0 || count == 0 || count > BPF_MAXINSNS ||
        (uint64_t)st.st_size != sizeof head + head.policy_len + count * sizeof *f->code)
        return false;
    AUTO_FREE char *text = malloc(head.policy_len + 1u);
    AUTO_FREE struct sock_filter *code = calloc(count, sizeof *code);
    if (!text || !code || !read_all(fd, text, head.policy_len) ||
        memcmp(text, policy, head.policy_len) != 0 || !read_all(fd, code, count * sizeof *code))
        return false;
    f->code = TAKE(code);
    f->count = (unsigned short)count;
    return true;
}

/* A cache that cannot be written costs time only. */
static void cache_write(int cache_fd, const char *name, struct cache_head head, const char *policy,
                        const struct filter *f)
{
    struct err ignored;
    head.count = f->count;
    const struct {
        const void *ptr;
        size_t len;
    } parts[] = {
        {&head, sizeof head}, {policy, head.policy_len}, {f->code, f->count * sizeof *f->code}};
    AUTO_FD int fd = files_open_nameless(cache_fd, 0600);
    for (size_t i = 0; fd >= 0 && i < ARRAY_LEN(parts); i++)
        if (write(fd, parts[i].ptr, parts[i].len) != (ssize_t)parts[i].len)
            return;
    if (fd >= 0)
        (void)!files_name(fd, cache_fd, name, &ignored);
}

int filter_open(struct filter *f, const char *policy_path, int cache_fd, struct err *err)
{
    char name[32];
    *f = (struct filter){0};
    AUTO_FREE char *text = malloc(POLICY_BYTES_MAX);
    if (!text)
        return err_set(err, ERR_MEMORY, "no memory for the policy");
    ssize_t len = files_read(AT_FDCWD, policy_path, text, POLICY_BYTES_MAX, err);
    if (len < 0) {
        err->kind = ERR_INPUT;
        return err_wrap(err, "policy");
    }
    struct cache_head head = head_new((size_t)len);
    cache_name(name, &head, text);
    AUTO_FD int cached =
        cache_fd < 0 ? -1 : openat(cache_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (cached >= 0 && cache_read(cached, &head, text, f))
        return 0;

    struct policy policy;
    if (policy_parse(policy_path, text, (size_t)len, &policy, err) < 0)
        return -1;
    int failed = assemble_policy(policy_path, &policy, seccomp_arch_native(), f, err);
    policy_free(&policy);
    if (failed == 0 && cache_fd >= 0)
        cache_write(cache_fd, name, head, text, f);
    return failed;
}

void filter_close(struct filter *f)
{
    free(f->code);
    *f = (struct filter){0};
}

int filter_load_child(const struct filter *f, struct err *err)
{
    struct sock_fprog program = {.len = f->count, .filter = f->code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return err_sys(err, "no_new_privs");
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
        return err_sys(err, "seccomp");
    return 0;
}

bool filter_is_possible(void)
{
    const uint32_t action = SECCOMP_RET_ERRNO;
    return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}
