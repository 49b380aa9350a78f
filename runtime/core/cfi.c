/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cfi.h"

#include <stddef.h>
#include <string.h>

#define REMEMBERED 4 /* nested states; compilers use one */

/* Encodings of pointers: how they are stored, and what they are relative to. */
enum { PE_ABSOLUTE = 0x00, PE_UDATA4 = 0x03, PE_SDATA4 = 0x0b, PE_SDATA8 = 0x0c };
enum { PE_PCREL = 0x10, PE_TABLE = 0x3b /* relative to the header, signed, 4 bytes */ };

struct cursor {
    const unsigned char *p, *end;
    bool bad;
};

/* ---- reading ------------------------------------------------------------------------------- */

static uint64_t take(struct cursor *c, size_t size)
{
    uint64_t value = 0;
    if ((size_t)(c->end - c->p) < size) {
        c->bad = true;
        c->p = c->end;
        return 0;
    }
    memcpy(&value, c->p, size);
    c->p += size;
    return value;
}

/* The bits of a LEB128 number; shift becomes their count, sign the topmost of them. */
static uint64_t take_leb(struct cursor *c, unsigned *shift, bool *sign)
{
    uint64_t value = 0, byte;
    *shift = 0;
    do {
        byte = take(c, 1);
        if (*shift < 64)
            value |= (byte & 0x7f) << *shift;
        *shift += 7;
    } while (byte & 0x80);
    *sign = byte & 0x40;
    return value;
}

static uint64_t take_uleb(struct cursor *c)
{
    unsigned shift;
    bool sign;
    return take_leb(c, &shift, &sign);
}

static int64_t take_sleb(struct cursor *c)
{
    unsigned shift;
    bool sign;
    uint64_t value = take_leb(c, &shift, &sign);
    if (shift < 64 && sign)
        value |= ~0ULL << shift;
    return (int64_t)value;
}

/* The product; a damaged one may wrap. */
static int64_t scale(uint64_t value, int64_t factor)
{
    return (int64_t)(value * (uint64_t)factor);
}

static size_t size_of(unsigned encoding)
{
    static const unsigned char sizes[16] = {8, 0, 2, 4, 8, 0, 0, 0, 0, 0, 2, 4, 8};
    return sizes[encoding & 15];
}

static uintptr_t take_pointer(struct cursor *c, unsigned encoding)
{
    const unsigned char *at = c->p;
    size_t size = size_of(encoding);
    if (size == 0 || (encoding & 0x70) > PE_PCREL) {
        c->bad = true;
        return 0;
    }
    uint64_t value = take(c, size);
    if ((encoding & 8) && size < 8 && value >> (size * 8 - 1))
        value |= ~0ULL << size * 8;
    return (uintptr_t)value + ((encoding & 0x70) == PE_PCREL ? (uintptr_t)at : 0);
}

/* A length, and what it says, as far as that is mapped. */
static struct cursor open_entry(uintptr_t at, const struct cfi_span *mapped)
{
    if (at < (uintptr_t)mapped->start || at > (uintptr_t)mapped->end)
        return (struct cursor){mapped->end, mapped->end, true};
    struct cursor c = {mapped->start + (at - (uintptr_t)mapped->start), mapped->end, false};
    uint32_t len = (uint32_t)take(&c, 4);
    c.bad |= len < 8 || len == UINT32_MAX || len > (size_t)(c.end - c.p);
    c.end = c.bad ? c.p : c.p + len;
    return c;
}

/* ---- entries ------------------------------------------------------------------------------- */

struct cie {
    uint64_t code_align;
    int64_t data_align;
    unsigned return_register, encoding;
    bool augmented;
    struct cursor program;
};

static void read_augmentation(struct cie *cie, const char *text, struct cursor *c)
{
    cie->augmented = *text == 'z';
    if (!cie->augmented) {
        c->bad |= *text != '\0';
        return;
    }
    uint64_t len = take_uleb(c);
    if (len > (uint64_t)(c->end - c->p)) {
        c->bad = true;
        return;
    }
    const unsigned char *behind = c->p + len;
    for (text++; *text; text++) {
        if (*text == 'R')
            cie->encoding = (unsigned)take(c, 1);
        else if (*text == 'P')
            take(c, size_of((unsigned)take(c, 1)));
        else if (*text == 'L')
            take(c, 1);
        else if (*text != 'S' && *text != 'B')
            break; /* what follows is not known: nothing of it is needed */
    }
    c->p = behind;
}

static bool read_cie(uintptr_t at, const struct cfi_span *mapped, struct cie *out)
{
    struct cursor c = open_entry(at, mapped);
    *out = (struct cie){.encoding = PE_ABSOLUTE};
    if (take(&c, 4) != 0)
        return false;
    uint64_t version = take(&c, 1);
    const char *augmentation = (const char *)c.p;
    while (take(&c, 1) && !c.bad)
        continue;
    out->code_align = take_uleb(&c);
    out->data_align = take_sleb(&c);
    out->return_register = (unsigned)(version == 1 ? take(&c, 1) : take_uleb(&c));
    if (c.bad)
        return false;
    read_augmentation(out, augmentation, &c);
    out->program = c;
    return !c.bad && (version == 1 || version == 3) && out->return_register < CFI_REGISTERS;
}

/* ---- programs ------------------------------------------------------------------------------ */

struct machine {
    const struct cie *cie;
    struct cfi_row *row;
    struct cfi_row initial, saved[REMEMBERED];
    size_t depth;
    uintptr_t at, pc; /* where the row holds from; what is looked for */
    struct cursor *c;
};

static void set_rule(struct machine *m, uint64_t reg, enum cfi_rule rule, int64_t value)
{
    if (reg >= CFI_REGISTERS)
        return; /* vector registers */
    m->row->regs[reg].rule = (uint8_t)rule;
    m->row->regs[reg].value = (int32_t)value;
}

static void restore_rule(struct machine *m, uint64_t reg)
{
    if (reg < CFI_REGISTERS)
        m->row->regs[reg] = m->initial.regs[reg];
}

static void set_cfa(struct machine *m, uint64_t reg, int64_t offset)
{
    m->row->cfa_register = reg < CFI_REGISTERS ? (int32_t)reg : -1;
    m->row->cfa_offset = offset;
}

static void remember(struct machine *m)
{
    if (m->depth < REMEMBERED)
        m->saved[m->depth++] = *m->row;
    else
        m->c->bad = true;
}

static void recall(struct machine *m)
{
    if (m->depth)
        *m->row = m->saved[--m->depth];
    else
        m->c->bad = true;
}

static void skip_block(struct cursor *c)
{
    uint64_t len = take_uleb(c);
    if (len > (uint64_t)(c->end - c->p))
        c->bad = true;
    else
        c->p += len;
}

/* Operands are read in the order in which they stand. */
static void run_extended(struct machine *m, unsigned op)
{
    struct cursor *c = m->c;
    int64_t factor = m->cie->data_align;
    uint64_t reg;
    switch (op) {
    case 0x00: /* nop */
        break;
    case 0x01: /* set_loc */
        m->at = take_pointer(c, m->cie->encoding);
        break;
    case 0x02:
    case 0x03:
    case 0x04: /* advance_loc1, 2, 4 */
        m->at += take(c, (size_t)1 << (op - 2)) * m->cie->code_align;
        break;
    case 0x05: /* offset_extended */
        reg = take_uleb(c);
        set_rule(m, reg, CFI_AT, scale(take_uleb(c), factor));
        break;
    case 0x06: /* restore_extended */
        restore_rule(m, take_uleb(c));
        break;
    case 0x07: /* undefined */
        set_rule(m, take_uleb(c), CFI_UNDEFINED, 0);
        break;
    case 0x08: /* same_value */
        set_rule(m, take_uleb(c), CFI_SAME, 0);
        break;
    case 0x09: /* register */
        reg = take_uleb(c);
        set_rule(m, reg, CFI_REGISTER, (int64_t)take_uleb(c));
        break;
    case 0x0a:
        remember(m);
        break;
    case 0x0b:
        recall(m);
        break;
    case 0x10:
    case 0x16: /* expression, val_expression */
        set_rule(m, take_uleb(c), CFI_UNKNOWN, 0);
        skip_block(c);
        break;
    case 0x11: /* offset_extended_sf */
        reg = take_uleb(c);
        set_rule(m, reg, CFI_AT, scale((uint64_t)take_sleb(c), factor));
        break;
    case 0x14: /* val_offset */
        reg = take_uleb(c);
        set_rule(m, reg, CFI_VALUE, scale(take_uleb(c), factor));
        break;
    case 0x2d: /* aarch64: the return address is signed from here on, or not any more */
        break;
    case 0x2e: /* GNU_args_size */
        take_uleb(c);
        break;
    default:
        c->bad = true;
    }
}

/* The instructions that say where the CFA is. false: another one. */
static bool run_cfa(struct machine *m, unsigned op)
{
    struct cursor *c = m->c;
    int64_t factor = m->cie->data_align;
    uint64_t reg = op == 0x0c || op == 0x0d || op == 0x12 ? take_uleb(c) : 0;
    if (op == 0x0c) /* def_cfa */
        set_cfa(m, reg, (int64_t)take_uleb(c));
    else if (op == 0x0d) /* def_cfa_register */
        set_cfa(m, reg, m->row->cfa_offset);
    else if (op == 0x0e) /* def_cfa_offset */
        m->row->cfa_offset = (int64_t)take_uleb(c);
    else if (op == 0x0f) /* def_cfa_expression */
        m->row->cfa_register = -1, skip_block(c);
    else if (op == 0x12) /* def_cfa_sf */
        set_cfa(m, reg, scale((uint64_t)take_sleb(c), factor));
    else if (op == 0x13) /* def_cfa_offset_sf */
        m->row->cfa_offset = scale((uint64_t)take_sleb(c), factor);
    else
        return false;
    return true;
}

static bool run(struct machine *m, struct cursor *c)
{
    m->c = c;
    while (c->p < c->end && !c->bad && m->at <= m->pc) {
        unsigned byte = (unsigned)take(c, 1), low = byte & 0x3f;
        if (byte >> 6 == 1) /* advance_loc */
            m->at += low * m->cie->code_align;
        else if (byte >> 6 == 2) /* offset */
            set_rule(m, low, CFI_AT, scale(take_uleb(c), m->cie->data_align));
        else if (byte >> 6 == 3) /* restore */
            restore_rule(m, low);
        else if (!run_cfa(m, byte))
            run_extended(m, byte);
    }
    return !c->bad;
}

static bool run_programs(const struct cie *cie, uintptr_t begin, uintptr_t pc, struct cursor *fde,
                         struct cfi_row *out)
{
    struct machine m = {.cie = cie, .row = out, .at = begin, .pc = pc};
    struct cursor first = cie->program;
    memset(out, 0, sizeof *out);
    out->cfa_register = -1;
    out->return_register = cie->return_register;
    if (!run(&m, &first))
        return false;
    m.initial = *out;
    return run(&m, fde) && out->cfa_register >= 0;
}

static bool read_fde(uintptr_t at, const struct cfi_span *mapped, uintptr_t pc, struct cfi_row *out)
{
    struct cursor c = open_entry(at, mapped);
    struct cie cie;
    uintptr_t pointer = (uintptr_t)c.p;
    uint32_t back = (uint32_t)take(&c, 4);
    if (c.bad || !back || !read_cie(pointer - back, mapped, &cie))
        return false;
    uintptr_t begin = take_pointer(&c, cie.encoding);
    uintptr_t size = take_pointer(&c, cie.encoding & 15);
    if (cie.augmented)
        skip_block(&c);
    return !c.bad && pc - begin < size && run_programs(&cie, begin, pc, &c, out);
}

/* ---- the search table ---------------------------------------------------------------------- */

static int32_t table_value(const unsigned char *table, size_t index)
{
    int32_t value;
    memcpy(&value, table + index * sizeof value, sizeof value);
    return value;
}

bool cfi_find(const unsigned char *hdr, struct cfi_span mapped, uintptr_t pc, struct cfi_row *out)
{
    struct cursor c = {hdr, mapped.end, hdr < mapped.start || hdr > mapped.end};
    if (c.bad)
        return false;
    uint64_t version = take(&c, 1);
    unsigned frame = (unsigned)take(&c, 1), counted = (unsigned)take(&c, 1);
    unsigned table = (unsigned)take(&c, 1);
    if (version != 1 || counted != PE_UDATA4 || table != PE_TABLE)
        return false;
    take(&c, size_of(frame));
    size_t low = 0, high = (size_t)take(&c, 4);
    intptr_t wanted = (intptr_t)(pc - (uintptr_t)hdr);
    if (!high || high > (size_t)(c.end - c.p) / (2 * sizeof(int32_t)))
        return false;
    while (high - low > 1) { /* the last function that starts at or before pc */
        size_t middle = low + (high - low) / 2;
        if (table_value(c.p, middle * 2) <= wanted)
            low = middle;
        else
            high = middle;
    }
    uintptr_t entry = (uintptr_t)hdr + (uintptr_t)(intptr_t)table_value(c.p, low * 2 + 1);
    return read_fde(entry, &mapped, pc, out);
}
