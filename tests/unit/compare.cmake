# SPDX-License-Identifier: Apache-2.0
foreach(name compare compare_text samples)
    clambda_unit_test(${name} LINK compare)
endforeach()
clambda_unit_test(growth LINK compare m)
