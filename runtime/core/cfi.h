/* SPDX-License-Identifier: Apache-2.0 */
/* Call frame information: how to get from a function's registers to those of its caller, out of the
 * .eh_frame that compilers put into every module. Pure: reads only mapped read-only sections, no
 * heap, no locks. Expressions, which only hand-written assembly has, are not evaluated. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define CFI_REGISTERS 33 /* of DWARF: aarch64 has that many, x86-64 uses 17 */

enum cfi_rule {
    CFI_SAME = 0,
    CFI_UNDEFINED,
    CFI_AT,       /* saved at CFA + value */
    CFI_VALUE,    /* is CFA + value */
    CFI_REGISTER, /* in register value */
    CFI_UNKNOWN,  /* an expression */
};

/* What holds at one instruction. CFA: the canonical frame address. */
struct cfi_row {
    struct {
        uint8_t rule;
        int32_t value;
    } regs[CFI_REGISTERS];
    int32_t cfa_register; /* -1: unknown */
    int64_t cfa_offset;
    unsigned return_register;
};

/* Mapped memory. */
struct cfi_span {
    const unsigned char *start, *end;
};

/* hdr: an .eh_frame_hdr with its search table, in mapped memory together with its .eh_frame;
 * nothing outside of that is read. false: no function is there, or it is described in a way that is
 * not known here. */
bool cfi_find(const unsigned char *hdr, struct cfi_span mapped, uintptr_t pc, struct cfi_row *out);
