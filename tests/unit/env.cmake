# SPDX-License-Identifier: Apache-2.0
foreach(name settings vars credentials loglines lines fault ids code environment)
    clambda_unit_test(${name} LINK env)
endforeach()
