/* SPDX-License-Identifier: Apache-2.0 */
#include "core/object.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "base/attr.h"

#define SEGMENTS_MAX 64 /* a linker makes about ten */

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#else
#define MACHINE EM_NONE
#endif

static const struct {
    uint16_t number;
    const char *name;
} machines[] = {
    {EM_X86_64, "x86-64"}, {EM_AARCH64, "arm64"}, {EM_386, "32-bit x86"}, {EM_ARM, "32-bit arm"}};

static const char *machine_name(uint16_t number)
{
    for (size_t i = 0; i < ARRAY_LEN(machines); i++)
        if (machines[i].number == number)
            return machines[i].name;
    return "another machine";
}

/* What is wrong with a head of this machine, or NULL. */
static const char *find_fault(const ElfW(Ehdr) * head)
{
    if (head->e_ident[EI_CLASS] != ELFCLASS64 || head->e_ident[EI_DATA] != ELFDATA2LSB)
        return "it is no 64-bit object";
    if (head->e_type != ET_DYN)
        return "it is an object file or a program: build it with -shared -fPIC";
    if (head->e_phentsize != sizeof(ElfW(Phdr)) || head->e_phnum > SEGMENTS_MAX)
        return "its head is damaged";
    return NULL;
}

/* Whether the file has all that its head speaks of. */
static bool is_whole(int fd, const ElfW(Ehdr) * head, uint64_t size)
{
    ElfW(Phdr) segments[SEGMENTS_MAX];
    size_t len = head->e_phnum * sizeof *segments;
    if (size < sizeof *head || pread(fd, segments, len, (off_t)head->e_phoff) != (ssize_t)len)
        return false;
    for (size_t i = 0; i < head->e_phnum; i++)
        if (segments[i].p_filesz > size || segments[i].p_offset > size - segments[i].p_filesz)
            return false;
    return head->e_shoff <= size &&
           (uint64_t)head->e_shentsize * head->e_shnum <= size - head->e_shoff;
}

int object_check(const char *path, const char *type, struct failure *f)
{
    ElfW(Ehdr) head = {0};
    struct stat info;
    AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) != 0 || pread(fd, &head, sizeof head, 0) < 0)
        return failure_set(f, type, "cannot load '%s': %s", path, strerror(errno));
    if (memcmp(head.e_ident, ELFMAG, SELFMAG) != 0)
        return failure_set(f, type, "cannot load '%s': it is no ELF file", path);
    if (head.e_machine != MACHINE && info.st_size >= (off_t)sizeof head)
        return failure_set(f, type, "cannot load '%s': it was built for %s, and this is %s", path,
                           machine_name(head.e_machine), machine_name(MACHINE));
    const char *fault = info.st_size >= (off_t)sizeof head ? find_fault(&head) : NULL;
    if (fault)
        return failure_set(f, type, "cannot load '%s': %s", path, fault);
    if (!is_whole(fd, &head, (uint64_t)info.st_size))
        return failure_set(f, type,
                           "cannot load '%s': it is cut off: its %lld bytes are not all that its "
                           "head speaks of",
                           path, (long long)info.st_size);
    return 0;
}

const ElfW(Phdr) * object_segments(uintptr_t base, size_t size, size_t *out_count)
{
    const ElfW(Ehdr) *head = (const void *)base;
    if (size < sizeof *head || memcmp(head->e_ident, ELFMAG, SELFMAG) != 0 ||
        head->e_ident[EI_CLASS] != ELFCLASS64 || head->e_phentsize != sizeof(ElfW(Phdr)) ||
        head->e_phnum > SEGMENTS_MAX || head->e_phoff % _Alignof(ElfW(Phdr)) ||
        head->e_phoff > size || head->e_phnum * sizeof(ElfW(Phdr)) > size - head->e_phoff)
        return NULL;
    *out_count = head->e_phnum;
    return (const void *)(base + head->e_phoff);
}

bool object_continues(uintptr_t base, size_t size, uintptr_t start)
{
    size_t count = 0;
    const ElfW(Phdr) *segments = object_segments(base, size, &count);
    uintptr_t linked = UINTPTR_MAX;
    for (size_t i = 0; i < count; i++) {
        if (segments[i].p_type != PT_LOAD)
            continue;
        if (linked == UINTPTR_MAX)
            linked = segments[i].p_vaddr - segments[i].p_offset;
        else if (segments[i].p_vaddr - segments[i].p_offset - linked == start - base)
            return true;
    }
    return false;
}
