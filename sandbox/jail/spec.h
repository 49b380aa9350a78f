/* SPDX-License-Identifier: Apache-2.0 */
/* Checks what a caller asks for, before anything is made. */
#pragma once

#include "jail/jail.h"

/* ERR_INPUT names the member that is out of its bounds. */
int spec_check(const struct jail_spec *spec, struct err *err) ATTR_CHECK;
int spec_check_program(const struct jail_program *program, struct err *err) ATTR_CHECK;
