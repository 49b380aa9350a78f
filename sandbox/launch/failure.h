/* SPDX-License-Identifier: Apache-2.0 */
/* From kinds of errors to exit codes, in one table. */
#pragma once

#include "base/err.h"

int failure_exit_code(const struct err *err);
