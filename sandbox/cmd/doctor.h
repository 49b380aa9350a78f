/* SPDX-License-Identifier: Apache-2.0 */
/* "clambda doctor": which limits hold on this host, by which mechanism, what to do about others. */
#pragma once

int doctor_run(int argc, char **argv);
