# SPDX-License-Identifier: Apache-2.0
foreach(name settings vars credentials loglines lines fault ids code environment pause)
    clambda_unit_test(${name} LINK env)
endforeach()
