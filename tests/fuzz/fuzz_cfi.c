/* SPDX-License-Identifier: Apache-2.0 */
/* Call frame information that is any bytes, or well-formed with some bytes of its programs, its
 * augmentation and its places changed: nothing beside it is read. */
#include "core/cfi.h"

#include "fuzz.h"

#define BLOB_MAX 600

struct blob {
    uint8_t bytes[BLOB_MAX];
    size_t len;
};

static void put(struct blob *b, const void *bytes, size_t len)
{
    if (len > sizeof b->bytes - b->len)
        len = sizeof b->bytes - b->len;
    if (len)
        memcpy(b->bytes + b->len, bytes, len);
    b->len += len;
}

static void put32(struct blob *b, uint32_t value)
{
    put(b, &value, sizeof value);
}

static void put_some(struct blob *b, struct fuzz_input *in, size_t most)
{
    size_t len = fuzz_byte(in) % most;
    if (len > in->left)
        len = in->left;
    put(b, in->at, len);
    in->at += len;
    in->left -= len;
}

static void set32(struct blob *b, size_t at, uint32_t value)
{
    memcpy(b->bytes + at, &value, sizeof value);
}

/* Search table, one CIE, one FDE for the function that starts where the table does. */
static void make(struct blob *b, struct fuzz_input *in)
{
    static const char *const augmentations[] = {"zR", "", "zPLR", "zRS", "eh", "zRB", "zRq", "R"};
    const char *augmentation = augmentations[fuzz_byte(in) % 8];
    put(b, "\x01\x1b\x03\x3b\0\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0", 20);
    size_t cie = b->len;
    put32(b, 0);
    put32(b, 0);
    put(b, fuzz_byte(in) % 8 ? "\x01" : "\x03", 1);
    put(b, augmentation, strlen(augmentation) + 1);
    put(b, "\x01\x78\x10", 3);
    if (*augmentation == 'z')
        put(b, "\x01\x1b", 2);
    put_some(b, in, 40);
    set32(b, cie, (uint32_t)(b->len - cie - 4));
    size_t fde = b->len;
    put32(b, 0);
    put32(b, (uint32_t)(fde + 4 - cie));
    put32(b, (uint32_t)-b->len);
    put32(b, 256);
    if (*augmentation == 'z')
        put(b, "", 1);
    put_some(b, in, 200);
    set32(b, fde, (uint32_t)(b->len - fde - 4));
    set32(b, 16, (uint32_t)fde);
    for (size_t n = fuzz_byte(in) % 4; n && in->left >= 2; n--) {
        size_t at = fuzz_byte(in) * 2u;
        b->bytes[at % b->len] = fuzz_byte(in);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    struct blob b = {.len = 0};
    struct cfi_row row;
    uint8_t kind = fuzz_byte(&in), offset = fuzz_byte(&in);
    if (kind % 8 == 0)
        put(&b, in.at, in.left);
    else
        make(&b, &in);
    uint8_t *mapped = malloc(b.len + !b.len); /* no byte more than what is mapped */
    FUZZ_CHECK(mapped);
    memcpy(mapped, b.bytes, b.len);
    struct cfi_span span = {mapped, mapped + b.len};
    if (cfi_find(mapped, span, (uintptr_t)mapped + offset, &row)) {
        FUZZ_CHECK(row.cfa_register >= 0 && row.cfa_register < CFI_REGISTERS);
        FUZZ_CHECK(row.return_register < CFI_REGISTERS);
        for (size_t i = 0; i < CFI_REGISTERS; i++)
            FUZZ_CHECK(row.regs[i].rule <= CFI_UNKNOWN);
    }
    free(mapped);
    return 0;
}
