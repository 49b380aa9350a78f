# SPDX-License-Identifier: Apache-2.0
foreach(name function options output)
    clambda_unit_test(${name} LINK launch)
endforeach()
