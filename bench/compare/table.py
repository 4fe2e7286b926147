"""The table as text and as Markdown."""

HEAD = ("work", "ours", "best of theirs", "ratio", "share of the floor", "memory, MiB (theirs)")


def amount(value, unit):
    if unit == "images/s":
        return f"{value:,.0f} images/s"
    if unit == "MB":
        return f"{value:.1f} MB"
    if value < 0.001:
        return f"{value * 1e6:.3g} µs"
    return f"{value * 1e3:.3g} ms" if value < 1 else f"{value:.3g} s"


def ratio(value):
    return f"{value:.2f}" if value < 10 else f"{value:.0f}"


def share(value):
    if value is None:
        return ""
    return f"{value:.1%}" if value < 0.1 else f"{value:.0%}"


def cells(row):
    if "failed" in row:
        return (f"{row['group']}: {row['work']}", "failed: " + row["failed"], "", "", "", "")
    theirs, times = "", ""
    if "theirs" in row:
        theirs = f"{amount(row['theirs'], row['unit'])}, {row['best']}"
        times = ratio(row["ratio"])
    memory = f"{row['ours_memory_mib']:.0f}" if "ours_memory_mib" in row else ""
    if memory and "theirs_memory_mib" in row:
        memory += f" ({row['theirs_memory_mib']:.0f})"
    floor = share(row["floor"]["share"]) if "floor" in row else ""
    return (f"{row['group']}: {row['work']}", amount(row["ours"], row["unit"]), theirs, times, floor, memory)


def aligned(lines):
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)


def markdown(lines):
    rows = ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]
    return "\n".join([rows[0], "|" + "---|" * len(lines[0]), *rows[1:]])


def rate(kernel):
    if "bytes_per_second" in kernel:
        return f"{kernel['bytes_per_second'] / 1e9:.1f} GB/s"
    if "flops" in kernel:
        return f"{kernel['flops'] / 1e9:.0f} Gflop/s"
    return ""


def kernel_cells(kernel):
    return (kernel["kernel"], amount(kernel["seconds"], "s"), rate(kernel), share(kernel["share"]))


def ceilings(known):
    """A sentence on what the shares are shares of."""
    words = [f"copying in main memory {known['main_memory_bytes_per_second'] / 1e9:.1f} GB/s"]
    words += [f"matrix product {precision} {rate / 1e9:,.0f} Gflop/s"
              for precision, rate in known["product_flops"].items() if "one core" not in precision]
    return ", ".join(words)


def text(result):
    parts = []
    if result["rows"]:
        parts.append(aligned([HEAD, *map(cells, result["rows"])]))
    if result["kernels"]:
        parts.append(aligned([("kernel", "time", "rate", "share of the floor"), *map(kernel_cells, result["kernels"])]))
    if result.get("ceilings"):
        parts.append("Floors: " + ceilings(result["ceilings"]))
    return "\n\n".join(parts)
