# SPDX-License-Identifier: Apache-2.0
# One file per layer, so that a layer's tests are listed beside each other.
set(layers base decode rapi core jail env api gateway pack deploy pattern mapping simulate trace compare report
    launch replay cmd starve)
if(NOT SANDBOX)
    set(layers base decode rapi core gateway)
endif()
foreach(layer ${layers})
    include(${CMAKE_CURRENT_LIST_DIR}/${layer}.cmake OPTIONAL)
endforeach()
clambda_unit_test(check SOURCES unit/check_elsewhere.c)
if(SANDBOX) # these take longest: begun first
    set_tests_properties(unit_starve_sandbox unit_compare unit_judge unit_stream_property PROPERTIES COST 100)
endif()
