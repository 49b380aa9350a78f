# SPDX-License-Identifier: Apache-2.0
foreach(name function options output places)
    clambda_unit_test(${name} LINK launch)
endforeach()
