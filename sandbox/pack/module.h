/* SPDX-License-Identifier: Apache-2.0 */
/* What pack_unzip.so exports: one function, which gives this table. */
#pragma once

#include <stdint.h>

#include "base/err.h"

/* Raised when the table or the meaning of a member changes. */
#define PACK_MODULE_ABI  1
#define PACK_MODULE_FILE "pack_unzip.so"
#define PACK_MODULE_NAME "pack_module"

struct pack_module {
    uint32_t abi;
    uint32_t size;     /* of this struct */
    uint32_t err_size; /* of struct err, which both sides fill */

    /* See unzip.h. */
    int64_t (*unzip)(int zip_fd, int dir_fd, struct err *err);
};

typedef const struct pack_module *(*pack_module_fn)(void);

const struct pack_module *pack_module(void);
