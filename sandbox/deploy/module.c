/* SPDX-License-Identifier: Apache-2.0 */
#include "deploy/module.h"

__attribute__((visibility("default"))) const struct load_head *deploy_module(void)
{
    static const struct deploy_module module = {
        .head = {DEPLOY_MODULE_ABI, sizeof(struct deploy_module), sizeof(struct err)},
        .check_rules = check_rules,
        .check_run = check_run,
        .check_free = check_free,
        .identify = package_identify,
        .write_zip = package_write_zip,
        .write_image = package_write_image,
    };
    return &module.head;
}
