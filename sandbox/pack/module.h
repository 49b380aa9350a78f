/* SPDX-License-Identifier: Apache-2.0 */
/* pack_unzip.so: what needs libarchive. */
#pragma once

#include "pack/load.h"

#define PACK_MODULE_ABI 2

struct pack_module {
    struct load_head head;

    /* See unzip.h. */
    int64_t (*unzip)(int zip_fd, int dir_fd, struct err *err);
};

/* What the object exports. */
const struct load_head *pack_module(void);
