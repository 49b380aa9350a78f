/* SPDX-License-Identifier: Apache-2.0 */
/* Loads the part that needs libarchive, when there is a zip: ../lib/clambda/pack_unzip.so, seen
 * from the running program. */
#pragma once

#include "base/err.h"

struct pack_module;

/* The module's table, valid until the process ends. NULL with ERR_HOST: it is missing, or of
 * another version. */
const struct pack_module *load_module(struct err *err) ATTR_CHECK;
