// replicate_table1 ... replicate_figure7: one program for each exhibit, made from this file.
#include "bench/replicate/replicate.h"

int main(int argc, char** argv) { return moonpool::replicate_main(MOONPOOL_EXHIBIT, argc, argv); }
