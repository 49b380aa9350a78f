# SPDX-License-Identifier: Apache-2.0
foreach(name cfi entry maps object prelude settings)
    clambda_fuzzer(${name} LINK core)
endforeach()
