/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cfi.h"

#include "base/attr.h"
#include "check.h"

/* The search table, then a CIE at 20 and an FDE at 40 for the 256 bytes from the table on. */
static const uint8_t good[] = {
    1,    0x1b, 3,    0x3b, 0,    0, 0, 0, 1,    0,    0,    0,   /* */
    0,    0,    0,    0,    40,   0, 0, 0,                        /* function, FDE */
    16,   0,    0,    0,    0,    0, 0, 0, 1,    'z',  'R',  0,   /* CIE */
    1,    0x78, 16,   1,    0x1b,                                 /* */
    0x0c, 7,    8,                                                /* CFA: register 7 + 8 */
    20,   0,    0,    0,    24,   0, 0, 0, 0xd0, 0xff, 0xff, 255, /* FDE */
    0,    1,    0,    0,    0,                                    /* */
    0x0e, 16,   0x86, 2,    0,    0, 0,                           /* + 16; register 6 is saved */
};

/* In memory of exactly this size, which ends where nothing may be read. */
static bool find(const uint8_t *bytes, size_t len, struct cfi_row *row)
{
    AUTO_FREE uint8_t *mapped = malloc(len + !len);
    memcpy(mapped, bytes, len);
    struct cfi_span span = {mapped, mapped + len};
    return cfi_find(mapped, span, (uintptr_t)mapped + 100, row);
}

static void test_found(void)
{
    struct cfi_row row;
    CHECK(find(good, sizeof good, &row));
    CHECK_INT(row.cfa_register, 7);
    CHECK_INT(row.cfa_offset, 16);
    CHECK_INT(row.return_register, 16);
    CHECK_INT(row.regs[6].rule, CFI_AT);
    CHECK_INT(row.regs[6].value, -16);
}

static void test_cut(void)
{
    struct cfi_row row;
    for (size_t len = 0; len < sizeof good; len++)
        CHECK(!find(good, len, &row));
}

static void test_damaged(void)
{
    static const struct {
        const char *what;
        uint8_t changes[2][2]; /* offset, byte */
    } cases[] = {
        {"a table that is longer than what is mapped", {{9, 1}, {9, 1}}},
        {"a description elsewhere", {{17, 1}, {17, 1}}},
        {"a description before the start", {{19, 0xff}, {19, 0xff}}},
        {"a length that leads out", {{40, 21}, {40, 21}}},
        {"a common part that leads out", {{21, 1}, {21, 1}}},
        {"no common part", {{44, 0}, {44, 0}}},
        {"a common part elsewhere", {{45, 1}, {45, 1}}},
        {"an augmentation that does not end", {{20, 8}, {31, 'R'}}},
        {"an augmentation longer than its entry", {{35, 0x7f}, {35, 0x7f}}},
        {"a pointer without a size", {{36, 0x0e}, {36, 0x0e}}},
        {"a pointer relative to a thing unknown", {{36, 0x4b}, {36, 0x4b}}},
        {"an unknown instruction", {{57, 0x3f}, {57, 0x3f}}},
        {"states taken back that were not kept", {{57, 0x0b}, {58, 0}}},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint8_t bytes[sizeof good];
        struct cfi_row row;
        memcpy(bytes, good, sizeof good);
        for (size_t k = 0; k < 2; k++)
            bytes[cases[i].changes[k][0]] = cases[i].changes[k][1];
        if (find(bytes, sizeof bytes, &row))
            check_report(__FILE__, __LINE__, cases[i].what);
    }
}

static const struct check_test tests[] = {
    {"found", test_found}, {"cut anywhere", test_cut}, {"damaged", test_damaged}};
CHECK_MAIN(tests)
