// Says what an invalid access was, when it was an access to the emulated device's memory.
#pragma once

namespace moonpool::emulator {

void install_segfault_handler();

}  // namespace moonpool::emulator
