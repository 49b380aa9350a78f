/* SPDX-License-Identifier: Apache-2.0 */
#include "deploy/elf.h"

#include <string.h>

static const char *const names[ELF_ARCH_COUNT] = {
    [ELF_ARCH_OTHER] = "",
    [ELF_ARCH_X86_64] = "x86_64",
    [ELF_ARCH_ARM64] = "arm64",
};

const char *elf_arch_name(enum elf_arch arch)
{
    return arch < ELF_ARCH_COUNT ? names[arch] : "";
}

enum elf_arch elf_arch_find(const char *name)
{
    for (int i = ELF_ARCH_OTHER + 1; i < ELF_ARCH_COUNT; i++)
        if (strcmp(names[i], name) == 0)
            return (enum elf_arch)i;
    return ELF_ARCH_OTHER;
}

enum elf_arch elf_arch_host(void)
{
#if defined(__x86_64__)
    return ELF_ARCH_X86_64;
#elif defined(__aarch64__)
    return ELF_ARCH_ARM64;
#else
    return ELF_ARCH_OTHER;
#endif
}
