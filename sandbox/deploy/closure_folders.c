/* SPDX-License-Identifier: Apache-2.0 */
#include "deploy/closure_folders.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"

#define CONF_MAX (256 << 10)

enum { INCLUDES_MAX = 8, CLASS_AT = 4, MACHINE_AT = 18, HEADER = 20, CLASS_64 = 2 };

#define BLANKS " \t\r\n:,"

/* ld.so's own, as Debian, Red Hat and others build it. */
static const char *const own[ELF_ARCH_COUNT][8] = {
    [ELF_ARCH_X86_64] = {"/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64",
                         "/usr/lib64", "/lib", "/usr/lib"},
    [ELF_ARCH_ARM64] = {"/lib/aarch64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/lib64",
                        "/usr/lib64", "/lib", "/usr/lib"},
};
static const unsigned char machines[ELF_ARCH_COUNT] = {
    [ELF_ARCH_X86_64] = 62, [ELF_ARCH_ARM64] = 183};

static int add(struct closure_folders *f, const char *folder, size_t len, struct err *err)
{
    while (len > 1 && folder[len - 1] == '/')
        len--;
    if (!len || *folder != '/' || f->count == CLOSURE_FOLDERS_MAX)
        return 0;
    f->list[f->count] = strndup(folder, len);
    if (!f->list[f->count])
        return err_set(err, ERR_MEMORY, "no memory for the folders of libraries");
    f->count++;
    return 0;
}

static int read_conf(struct closure_folders *f, const char *path, int depth, struct err *err);

/* A pattern is relative to the folder of ld.so.conf. */
static int include(struct closure_folders *f, const char *pattern, size_t len, int depth,
                   struct err *err)
{
    char path[PATH_MAX];
    glob_t found = {0};
    int done = 0;
    if (snprintf(path, sizeof path, "%s%s%.*s", f->root, *pattern == '/' ? "" : "/etc/", (int)len,
                 pattern) >= PATH_MAX)
        return 0;
    if (glob(path, 0, NULL, &found) == 0)
        for (size_t i = 0; !done && i < found.gl_pathc; i++)
            done = read_conf(f, found.gl_pathv[i], depth + 1, err);
    globfree(&found);
    return done;
}

static int read_line(struct closure_folders *f, char *line, int depth, struct err *err)
{
    line[strcspn(line, "#")] = '\0';
    char *word = line + strspn(line, BLANKS);
    size_t len = strcspn(word, " \t\r\n");
    if (len == 7 && strncmp(word, "include", len) == 0) {
        for (word += len; *(word += strspn(word, " \t\r\n")); word += len) {
            len = strcspn(word, " \t\r\n");
            if (include(f, word, len, depth, err))
                return -1;
        }
        return 0;
    }
    for (; *(word += strspn(word, BLANKS)); word += len) {
        len = strcspn(word, BLANKS);
        if (add(f, word, len, err))
            return -1;
    }
    return 0;
}

/* A file that cannot be read names no folder, as for ldconfig. */
static int read_conf(struct closure_folders *f, const char *path, int depth, struct err *err)
{
    struct err ignored;
    size_t len;
    if (depth > INCLUDES_MAX)
        return 0;
    AUTO_FREE char *text = file_read(path, CONF_MAX, &len, &ignored);
    if (!text)
        return ignored.kind == ERR_MEMORY ? err_set(err, ERR_MEMORY, "%s", ignored.msg) : 0;
    for (char *line = text, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        if (read_line(f, line, depth, err))
            return -1;
    }
    return 0;
}

int closure_folders_read(struct closure_folders *out, const char *root, enum elf_arch arch,
                         struct err *err)
{
    char path[PATH_MAX];
    *out = (struct closure_folders){.root = root};
    snprintf(path, sizeof path, "%s/etc/ld.so.conf", root);
    int done = read_conf(out, path, 0, err);
    for (size_t i = 0; !done && i < ARRAY_LEN(own[arch]) && own[arch][i]; i++)
        done = add(out, own[arch][i], strlen(own[arch][i]), err);
    if (done)
        closure_folders_free(out);
    return done;
}

void closure_folders_free(struct closure_folders *f)
{
    for (size_t i = 0; i < f->count; i++)
        free(f->list[i]);
    f->count = 0;
}

bool closure_folders_has(const char *root, const char *path, enum elf_arch arch)
{
    char whole[PATH_MAX];
    unsigned char header[HEADER];
    struct stat st;
    if (snprintf(whole, sizeof whole, "%s%s", root, path) >= PATH_MAX)
        return false;
    AUTO_FD int fd = open(whole, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) ||
        pread(fd, header, sizeof header, 0) != (ssize_t)sizeof header)
        return false;
    return elf_is((const char *)header, sizeof header) && header[CLASS_AT] == CLASS_64 &&
           header[MACHINE_AT] == machines[arch] && header[MACHINE_AT + 1] == 0;
}
