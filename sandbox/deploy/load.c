/* SPDX-License-Identifier: Apache-2.0 */
#include "deploy/module.h"

const struct deploy_module *deploy_load(struct err *err)
{
    static const struct load_wanted wanted = {
        .file = "deploy.so",
        .symbol = "deploy_module",
        .task = "cannot look into packages",
        .advice = "install clambda again",
        .abi = DEPLOY_MODULE_ABI,
        .size = sizeof(struct deploy_module),
    };
    return load_module(&wanted, err);
}
