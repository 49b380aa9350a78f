/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/module.h"

#include "pack/unzip.h"

__attribute__((visibility("default"))) const struct load_head *pack_module(void)
{
    static const struct pack_module module = {
        .head = {PACK_MODULE_ABI, sizeof(struct pack_module), sizeof(struct err)},
        .unzip = unzip_into,
    };
    return &module.head;
}
