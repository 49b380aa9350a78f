/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a file can be a shared object of this machine at all. The dynamic linker maps what the
 * file's head promises: a file that is cut off would end the process by SIGBUS. */
#pragma once

#include <link.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/failure.h"

/* -1: f, of the given errorType, tells what the file is instead. */
int object_check(const char *path, const char *type, struct failure *f) ATTR_CHECK;

/* The program headers of a file that is mapped at base, of which size bytes are: NULL when these do
 * not have them, or it is no object. Async-signal-safe. */
const ElfW(Phdr) * object_segments(uintptr_t base, size_t size, size_t *out_count);

/* Whether the module whose start is mapped at base, in size bytes, has the start of its file once
 * more at another address: linkers let small segments share a page of the file. */
bool object_continues(uintptr_t base, size_t size, uintptr_t start);
