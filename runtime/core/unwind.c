/* SPDX-License-Identifier: Apache-2.0 */
#include "core/unwind.h"

#include <elf.h>
#include <link.h>
#include <string.h>

#include "core/cfi.h"
#include "core/maps.h"
#include "core/object.h"

#define MODULES_MAX 256         /* mapped files with code */
#define STACK_GAP   (64u << 20) /* below a stack: where an overflow may have taken the pointer */

#if defined(__x86_64__)
#define REG_STACK 7
#define REG_PLACE 16
static const int context_registers[] = {
    REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP, REG_RSP, REG_R8,
    REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP,
};
#elif defined(__aarch64__)
#define REG_LINK  30
#define REG_STACK 31
#define REG_PLACE 32
#define ADDRESS   ((1ULL << 48) - 1) /* the rest of a return address may be its signature */
#endif

struct module {
    uintptr_t base, head_end; /* its first mapping, which has the start of the file */
    uintptr_t end;            /* of its last */
    uint64_t file;
};

struct unwinder {
    struct module modules[MODULES_MAX];
    size_t nmodules;
    uintptr_t base;      /* of the file that is being listed */
    uintptr_t low, high; /* the stack */
    uintptr_t regs[CFI_REGISTERS];
};

static void on_mapping(const struct mapping *m, void *user)
{
    struct unwinder *u = user;
    uintptr_t sp = u->regs[REG_STACK];
    if (!u->high && m->readable && sp < m->end && (sp >= m->start || m->start - sp < STACK_GAP)) {
        u->low = m->start;
        u->high = m->end;
    }
    if (*m->path != '/' && strcmp(m->path, "[vdso]") != 0)
        return;
    struct module *last = u->nmodules ? &u->modules[u->nmodules - 1] : NULL;
    bool more = last && last->file == m->file &&
                object_continues(last->base, last->head_end - last->base, m->start);
    if (m->offset == 0 && !more && u->nmodules < MODULES_MAX)
        u->modules[u->nmodules++] =
            (struct module){m->start, m->readable ? m->end : m->start, m->end, m->file};
    else if (last && last->end <= m->start)
        last->end = m->end;
}

static const struct module *find_module(const struct unwinder *u, uintptr_t pc)
{
    for (size_t i = 0; i < u->nmodules; i++)
        if (pc >= u->modules[i].base && pc < u->modules[i].end)
            return &u->modules[i];
    return NULL;
}

/* Where a module keeps its table, and the segment that this is in; NULL: nowhere. A file that is
 * only mapped looks like one too: nothing is believed of its head. */
static const unsigned char *find_table(const struct module *m, struct cfi_span *out_mapped)
{
    size_t count = 0, size = m ? m->head_end - m->base : 0;
    const ElfW(Phdr) *segments = m ? object_segments(m->base, size, &count) : NULL;
    uintptr_t linked = UINTPTR_MAX, table = 0;
    for (size_t s = 0; s < count; s++) {
        if (segments[s].p_type == PT_LOAD && linked == UINTPTR_MAX)
            linked = segments[s].p_vaddr - segments[s].p_offset;
        if (segments[s].p_type == PT_GNU_EH_FRAME)
            table = segments[s].p_vaddr;
    }
    for (size_t s = 0; s < count && table; s++) {
        uintptr_t start = m->base + (segments[s].p_vaddr - linked), left = m->end - start;
        if (segments[s].p_type != PT_LOAD || table - segments[s].p_vaddr >= segments[s].p_filesz ||
            start < m->base || start >= m->end)
            continue;
        out_mapped->start = (const unsigned char *)start;
        out_mapped->end =
            out_mapped->start + (segments[s].p_filesz < left ? segments[s].p_filesz : left);
        return out_mapped->start + (table - segments[s].p_vaddr);
    }
    return NULL;
}

static bool read_stack(const struct unwinder *u, uintptr_t at, uintptr_t *out)
{
    if (at < u->low || at > u->high - sizeof *out || at % sizeof *out)
        return false;
    memcpy(out, (const void *)at, sizeof *out);
    return true;
}

/* One register of the caller. */
static bool apply(const struct unwinder *u, const struct cfi_row *row, size_t reg, uintptr_t cfa,
                  uintptr_t *out)
{
    int32_t value = row->regs[reg].value;
    switch ((enum cfi_rule)row->regs[reg].rule) {
    case CFI_SAME:
        return true;
    case CFI_AT:
        return read_stack(u, cfa + (uintptr_t)(intptr_t)value, out);
    case CFI_VALUE:
        *out = cfa + (uintptr_t)(intptr_t)value;
        return true;
    case CFI_REGISTER:
        if (value < 0 || value >= CFI_REGISTERS)
            return false;
        *out = u->regs[value];
        return true;
    case CFI_UNDEFINED:
    case CFI_UNKNOWN:
        break;
    }
    *out = 0;
    return true;
}

/* From a function to its caller. */
static bool step(struct unwinder *u, uintptr_t pc)
{
    struct cfi_row row;
    struct cfi_span mapped;
    const unsigned char *table = find_table(find_module(u, pc), &mapped);
    if (!table || !cfi_find(table, mapped, pc, &row))
        return false;
    uintptr_t cfa = u->regs[row.cfa_register] + (uintptr_t)row.cfa_offset;
    uintptr_t caller[CFI_REGISTERS];
    memcpy(caller, u->regs, sizeof caller);
    for (size_t i = 0; i < CFI_REGISTERS; i++)
        if (!apply(u, &row, i, cfa, &caller[i]))
            return false;
    if (cfa < u->regs[REG_STACK] || cfa > u->high)
        return false;
    bool same = cfa == u->regs[REG_STACK] && caller[row.return_register] == u->regs[REG_PLACE];
    memcpy(u->regs, caller, sizeof caller);
    u->regs[REG_PLACE] = caller[row.return_register];
    u->regs[REG_STACK] = cfa;
    return !same;
}

/* A call to where no code is: its caller is where the call left it. */
static bool step_back(struct unwinder *u)
{
#if defined(__x86_64__)
    uintptr_t sp = u->regs[REG_STACK];
    if (!read_stack(u, sp, &u->regs[REG_PLACE]))
        return false;
    u->regs[REG_STACK] = sp + sizeof sp;
    return true;
#elif defined(__aarch64__)
    u->regs[REG_PLACE] = u->regs[REG_LINK];
    return true;
#endif
}

static void load_registers(struct unwinder *u, const ucontext_t *context)
{
    memset(u->regs, 0, sizeof u->regs);
#if defined(__x86_64__)
    for (size_t i = 0; i < ARRAY_LEN(context_registers); i++)
        u->regs[i] = (uintptr_t)context->uc_mcontext.gregs[context_registers[i]];
#elif defined(__aarch64__)
    for (size_t i = 0; i <= REG_LINK; i++)
        u->regs[i] = (uintptr_t)context->uc_mcontext.regs[i];
    u->regs[REG_STACK] = (uintptr_t)context->uc_mcontext.sp;
    u->regs[REG_PLACE] = (uintptr_t)context->uc_mcontext.pc;
#endif
}

static uintptr_t place_of(struct unwinder *u)
{
#if defined(__aarch64__)
    u->regs[REG_PLACE] &= ADDRESS;
#endif
    return u->regs[REG_PLACE];
}

void unwind_context(const ucontext_t *context, struct frames *out)
{
    static struct unwinder u;
    load_registers(&u, context);
    u.nmodules = 0;
    u.low = u.high = 0;
    uintptr_t pc = place_of(&u);
    frames_add(out, pc);
    if (maps_each(on_mapping, &u) != 0)
        return;
    struct cfi_span ignored;
    if (!step(&u, pc) && (find_table(find_module(&u, pc), &ignored) || !step_back(&u)))
        return;
    while (out->count < FRAMES_MAX && (pc = place_of(&u)) != 0) {
        frames_add(out, pc - 1); /* the call, not what follows it */
        if (!step(&u, pc - 1))
            return;
    }
}
