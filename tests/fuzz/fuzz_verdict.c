/* SPDX-License-Identifier: Apache-2.0 */
/* Checks a package that is made of the input: a zip as it is, or one of ELF files, scripts and
 * links with some bytes changed. Whatever it is, there is a report, and its texts end. */
#include "deploy/check.h"
#include "elf_build.h"
#include "env/profile.h"
#include "fuzz.h"
#include "zip_build.h"

enum { ENTRIES = 6, CHANGES = 12 };

static uint64_t sum;

static void read_text(const char *text)
{
    FUZZ_CHECK(text);
    for (; *text; text++)
        sum += (uint8_t)*text;
}

static void read_report(const struct check_report *r)
{
    size_t errors = 0;
    for (size_t i = 0; i < r->nfindings; i++) {
        const struct check_finding *f = &r->findings[i];
        read_text(f->rule);
        read_text(f->where);
        read_text(f->what);
        read_text(f->why);
        read_text(f->fix);
        errors += f->severity == CHECK_ERROR;
        FUZZ_CHECK(*f->what && *f->where);
    }
    read_text(r->glibc);
    FUZZ_CHECK(errors == r->nerrors || r->nfindings >= 2000);
}

/* An ELF file with some bytes changed. */
static void make_elf(struct elf_build *b, struct fuzz_input *in)
{
    elf_build_sample(b, fuzz_byte(in));
    for (unsigned n = fuzz_byte(in) % CHANGES; n && in->left >= 3; n--) {
        size_t at = fuzz_byte(in);
        at |= (size_t)fuzz_byte(in) << 8;
        b->bytes[at % b->len] = (char)fuzz_byte(in);
    }
}

static void add_entry(struct zip_build *z, struct fuzz_input *in)
{
    static const char *const names[] = {"bootstrap", "lib/libc.so.6", "lib/libsample.so.1",
                                        "a",         "a/b",           "./bootstrap",
                                        "lib",       "x\\y"};
    static const unsigned types[] = {S_IFREG, S_IFREG, S_IFREG, S_IFLNK};
    static struct elf_build build;
    char *text = NULL;
    unsigned name = fuzz_byte(in), kind = fuzz_byte(in);
    struct zip_entry e = {.name = names[name % 8],
                          .mode = types[kind % 4] | (fuzz_byte(in) & 0777)};
    if (kind & 4 && S_ISREG(e.mode)) {
        make_elf(&build, in);
        e.data = build.bytes;
        e.data_len = build.len;
    } else {
        e.data = text = fuzz_text(in, &e.data_len);
    }
    if (z->len + e.data_len + 4096 < sizeof z->bytes)
        zip_add(z, &e);
    free(text);
}

static void make_zip(struct zip_build *z, struct fuzz_input *in)
{
    for (unsigned n = fuzz_byte(in) % ENTRIES + 1; n; n--)
        add_entry(z, in);
    zip_finish(z);
    for (; in->left >= 3; in->left -= 3, in->at += 3)
        z->bytes[(in->at[0] | (size_t)in->at[1] << 8) % z->len] = (char)in->at[2];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const handlers[] = {NULL, "a", "lib/libsample.lambda_module", "../x"};
    char path[64];
    struct fuzz_input in = {data, size};
    struct err err = {0};
    struct zip_build *z = calloc(1, sizeof *z);
    FUZZ_CHECK(z);
    unsigned how = fuzz_byte(&in);
    if (size && data[0] == 'P') {
        z->len = size < sizeof z->bytes ? size : sizeof z->bytes;
        memcpy(z->bytes, data, z->len);
    } else {
        make_zip(z, &in);
    }
    int zip = zip_memfd(z->bytes, z->len);
    snprintf(path, sizeof path, "/proc/self/fd/%d", zip);
    const struct profile *profile = profile_find(how & 2 ? "al2" : "al2023");
    const struct check_request request = {.path = path,
                                          .layers = (const char *const[]){path},
                                          .nlayers = how & 1,
                                          .profile = profile->name,
                                          .library_path = profile->library_path,
                                          .program_path = profile->path,
                                          .arch = how & 4 ? "arm64" : NULL,
                                          .handler = handlers[how / 8 % 4]};
    struct check_report *report = check_run(&request, &err);
    if (report)
        read_report(report);
    else /* it no longer begins like a zip, or like anything */
        FUZZ_CHECK(err.kind == ERR_INPUT && err.msg[0]);
    check_free(report);
    close(zip);
    free(z);
    return 0;
}
