/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/layout.h"

#include <dirent.h>
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "deploy/elf.h"
#include "launch/output.h"

enum {
    NAMES_MAX = 1000,            /* looked at */
    HANDLER_BYTES_MAX = 8 << 20, /* of a handler file */
    FIRST_LINE_MAX = 256,        /* of a bootstrap that is a script */
};

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n > m && strcmp(text + n - m, end) == 0;
}

/* The symbol that LAMBDA_MODULE defines stands in a library's string table. */
static bool names_module(const char *bytes, size_t len)
{
    static const char symbol[] = "\0lambda_module";
    return len > 4 && memcmp(bytes, "\177ELF", 4) == 0 && memmem(bytes, len, symbol, sizeof symbol);
}

static bool is_handler(int folder_fd, const char *name)
{
    struct stat st;
    AUTO_FD int fd = openat(folder_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size <= 0 ||
        st.st_size > HANDLER_BYTES_MAX)
        return false;
    size_t len = (size_t)st.st_size;
    AUTO_FREE char *bytes = malloc(len);
    ssize_t n = bytes ? read(fd, bytes, len) : -1;
    return n > 0 && names_module(bytes, (size_t)n);
}

static bool has_bootstrap(int folder_fd, const char *name)
{
    struct stat st;
    AUTO_FD int fd = openat(folder_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd >= 0 && fstatat(fd, "bootstrap", &st, AT_SYMLINK_NOFOLLOW) == 0 &&
           !S_ISDIR(st.st_mode);
}

static void keep(char out[static NAME_MAX + 1], const char *name)
{
    snprintf(out, NAME_MAX + 1, "%s", name);
}

static void look_at(struct layout *l, int folder_fd, const char *name)
{
    if (ends_with(name, ".so") && is_handler(folder_fd, name)) {
        /* which of several is named does not depend on the order of a folder */
        if (l->handlers == 0 || strcmp(name, l->handler) < 0) {
            keep(l->other, l->handler);
            keep(l->handler, name);
        } else if (l->handlers == 1 || strcmp(name, l->other) < 0) {
            keep(l->other, name);
        }
        l->handlers++;
    } else if (ends_with(name, ".zip")) {
        keep(l->zip, name);
    } else if (has_bootstrap(folder_fd, name)) {
        keep(l->folder, name);
    }
}

void layout_read(struct layout *out, const char *folder)
{
    *out = (struct layout){0};
    DIR *dir = opendir(folder);
    if (!dir)
        return;
    for (struct dirent *d = readdir(dir); d && out->names < NAMES_MAX; d = readdir(dir)) {
        if (d->d_name[0] == '.')
            continue;
        out->names++;
        look_at(out, dirfd(dir), d->d_name);
    }
    closedir(dir);
}

void layout_tell(const struct layout *l, const char *path, bool zip)
{
    if (l->folder[0] && zip)
        output_note("'%.200s' has its bootstrap in the folder '%.100s', and Lambda looks for it at "
                    "the top: zip what is inside of that folder, not the folder",
                    path, l->folder);
    else if (l->folder[0])
        output_note("'%.200s' has its bootstrap in the folder '%.100s': name '%.200s/%.100s'", path,
                    l->folder, path, l->folder);
    else if (l->handlers)
        output_note("'%.200s' has a handler file, '%.100s', and no bootstrap: put this project's "
                    "bootstrap beside it, give its layer with --layer, or name the .so itself",
                    path, l->handler);
    else if (l->zip[0] && l->names == 1)
        output_note("'%.200s' has nothing in it but another zip, '%.100s': that is the one to name "
                    "and to upload",
                    path, l->zip);
}

/* The kernel's word for it, "exec format error", is the same as for a damaged file. */
static void tell_machine(const char *bytes, size_t len, const char *path)
{
    Elf64_Ehdr head;
    enum elf_arch arch = ELF_ARCH_OTHER, host = elf_arch_host();
    if (len < sizeof head || memcmp(bytes, ELFMAG, SELFMAG) != 0)
        return;
    memcpy(&head, bytes, sizeof head);
    if (head.e_machine == EM_X86_64)
        arch = ELF_ARCH_X86_64;
    else if (head.e_machine == EM_AARCH64)
        arch = ELF_ARCH_ARM64;
    if (arch != host && host != ELF_ARCH_OTHER)
        output_note("the bootstrap of '%.200s' was built for %s, and this is %s", path,
                    arch == ELF_ARCH_OTHER ? "another machine" : elf_arch_name(arch),
                    elf_arch_name(host));
}

bool layout_tell_bootstrap(const char *folder, const char *path)
{
    struct stat st;
    char line[FIRST_LINE_MAX];
    AUTO_FD int dir = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    AUTO_FD int fd = openat(dir, "bootstrap", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode))
        return false;
    if (!(st.st_mode & 0111))
        output_note(
            "the bootstrap of '%.200s' is not executable: chmod 755 it, before it is zipped", path);
    ssize_t n = read(fd, line, sizeof line);
    const char *end = n > 2 && memcmp(line, "#!", 2) == 0 ? memchr(line, '\n', (size_t)n) : NULL;
    if (end && end[-1] == '\r')
        output_note(
            "the bootstrap of '%.200s' has line breaks of Windows, and no interpreter's name "
            "ends in one: take the carriage returns out",
            path);
    if (n > 0)
        tell_machine(line, (size_t)n, path);
    return true;
}
