// Stands in for NVTX's header of the same name in the preset `emulated`: nested ranges.
#pragma once

/// The level at which the range begins; the outermost is 0.
int nvtxRangePushA(const char* message);
/// The level of the range that ends; negative where none was open.
int nvtxRangePop();
