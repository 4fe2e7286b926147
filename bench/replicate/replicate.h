// What the programs replicate_table1 ... have in common: they start or go on with the runs that
// their exhibit needs, and print its numbers beside the published ones.
#pragma once

#include <string>

namespace moonpool {

/// The whole program for one exhibit; returns its exit status.
int replicate_main(const std::string& exhibit_id, int argc, char** argv);

}  // namespace moonpool
