/* SPDX-License-Identifier: Apache-2.0 */
/* The list of mappings, which has paths that a function chooses: each line is told once and no
 * further than its end. */
#include "core/maps.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

static int file = -1;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    file = memfd_create("fuzz", MFD_CLOEXEC);
    FUZZ_CHECK(file >= 0);
    return 0;
}

static void on_mapping(const struct mapping *m, void *user)
{
    size_t *lines = user;
    FUZZ_CHECK(!strchr(m->path, '\n'));
    (*lines)++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t lines = 0, want = 0;
    FUZZ_CHECK(ftruncate(file, 0) == 0 && pwrite(file, data, size, 0) == (ssize_t)size &&
               lseek(file, 0, SEEK_SET) == 0);
    for (size_t i = 0; i < size; i++)
        want += data[i] == '\n';
    int failed = maps_read(file, on_mapping, &lines);
    FUZZ_CHECK(failed ? lines <= want : lines == want);
    return 0;
}
