/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of the command that take long to load are shared objects in ../lib/clambda, seen from the
 * running program, and are loaded by those who need them. Each exports one function without
 * arguments, which gives a table that begins with struct load_head. */
#pragma once

#include <stdint.h>

#include "base/err.h"

struct load_head {
    uint32_t abi;      /* raised when the table or the meaning of a member changes */
    uint32_t size;     /* of the whole table */
    uint32_t err_size; /* of struct err, which both sides fill */
};

struct load_wanted {
    const char *file;   /* "pack_unzip.so" */
    const char *symbol; /* of its function */
    const char *task;   /* for the message: "cannot unpack zips" */
    const char *advice; /* "install clambda again, or ..." */
    uint32_t abi, size;
};

/* The module's table, valid until the process ends. NULL with ERR_HOST: it is missing, or of
 * another version. */
const void *load_module(const struct load_wanted *wanted, struct err *err) ATTR_CHECK;
