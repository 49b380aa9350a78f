/* SPDX-License-Identifier: Apache-2.0 */
/* clambda package: what is uploaded, from handler files or another runtime's program. */
#pragma once

int package_run(int argc, char **argv);
