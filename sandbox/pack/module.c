/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/module.h"

#include "pack/unzip.h"

__attribute__((visibility("default"))) const struct pack_module *pack_module(void)
{
    static const struct pack_module module = {
        .abi = PACK_MODULE_ABI,
        .size = sizeof(struct pack_module),
        .err_size = sizeof(struct err),
        .unzip = unzip_into,
    };
    return &module;
}
