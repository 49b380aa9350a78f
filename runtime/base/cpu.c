/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cpu.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <stdint.h>

#define LEAF1_ECX_SSSE3   (1u << 9)
#define LEAF1_ECX_SSE41   (1u << 19)
#define LEAF1_ECX_OSXSAVE (1u << 27)
#define LEAF1_ECX_AVX     (1u << 28)
#define LEAF7_EBX_AVX2    (1u << 5)
#define LEAF7_EBX_SHA     (1u << 29)
#define XCR0_SSE_AVX      6u

enum cpu_known { CPU_UNKNOWN, CPU_NO, CPU_YES };

static bool cpu_has(unsigned leaf1_ecx, unsigned leaf7_ebx)
{
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || (c & leaf1_ecx) != leaf1_ecx)
        return false;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & leaf7_ebx) == leaf7_ebx;
}

/* The system must save the wide registers, or they would not survive a switch of tasks. */
static bool cpu_saves_avx(void)
{
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (low & XCR0_SSE_AVX) == XCR0_SSE_AVX;
}

bool cpu_has_avx2(void)
{
    /* the instruction that tells leaves a virtual machine: microseconds, so once */
    static int known;
    int answer = __atomic_load_n(&known, __ATOMIC_RELAXED);
    if (answer == CPU_UNKNOWN) {
        bool has = cpu_has(LEAF1_ECX_OSXSAVE | LEAF1_ECX_AVX, LEAF7_EBX_AVX2) && cpu_saves_avx();
        answer = has ? CPU_YES : CPU_NO;
        __atomic_store_n(&known, answer, __ATOMIC_RELAXED);
    }
    return answer == CPU_YES;
}

bool cpu_has_sha_ni(void)
{
    return cpu_has(LEAF1_ECX_SSSE3 | LEAF1_ECX_SSE41, LEAF7_EBX_SHA);
}
#else
bool cpu_has_avx2(void)
{
    return false;
}

bool cpu_has_sha_ni(void)
{
    return false;
}
#endif
