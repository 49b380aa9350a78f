# SPDX-License-Identifier: Apache-2.0
clambda_unit_test(cfi LINK core)
clambda_unit_test(entry LINK core)
clambda_unit_test(failure LINK core)
clambda_unit_test(log LINK core)
clambda_unit_test(module LINK core)
clambda_unit_test(prelude LINK core)
clambda_unit_test(dispatch LINK core)
clambda_unit_test(values LINK core)
clambda_unit_test(describe LINK core)
clambda_unit_test(frames LINK core)
clambda_unit_test(modes LINK core)

# Allocations of what is linked statically are those of starve.h.
foreach(name malloc calloc realloc strdup strndup realpath opendir fdopendir)
    list(APPEND starve_wraps LINKER:--wrap=${name})
endforeach()
clambda_unit_test(starve_runtime LINK core)
target_link_options(test_starve_runtime PRIVATE ${starve_wraps})
