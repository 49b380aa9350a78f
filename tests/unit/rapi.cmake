# SPDX-License-Identifier: Apache-2.0
clambda_unit_test(http LINK rapi)
clambda_unit_test(address LINK rapi)
clambda_unit_test(conn LINK rapi)
