"""How many times faster than the best baseline, row by row, as an SVG: bars on a logarithmic axis."""
import html
import math

COLOURS = {"training step": "#4477aa", "scoring a pool": "#66ccee", "memory of a step": "#bbbbbb",
           "augmentation": "#ccbb44", "selection": "#228833", "Four-Moons": "#aa3377", "start": "#ee6677"}
LEFT, WIDTH, LINE, TOP = 420, 480, 20, 34


def draw(rows, title):
    """`rows` have group, work and ratio."""
    logs = [math.log10(row["ratio"]) for row in rows]
    low, high = math.floor(min(logs + [0])), math.ceil(max(logs + [1]))
    at = lambda log: LEFT + WIDTH * (log - low) / (high - low)  # noqa: E731
    bottom = TOP + LINE * len(rows)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 60}" height="{bottom + 30}" '
             'font-family="sans-serif" font-size="12">',
             '<rect width="100%" height="100%" fill="white"/>',
             f'<text x="8" y="18" font-size="13">{html.escape(title)}</text>']
    for power in range(low, high + 1):
        weight = 1.5 if power == 0 else 0.5
        parts.append(f'<line x1="{at(power):.1f}" y1="{TOP}" x2="{at(power):.1f}" y2="{bottom}" stroke="#888" '
                     f'stroke-width="{weight}"/>')
        parts.append(f'<text x="{at(power):.1f}" y="{bottom + 18}" text-anchor="middle">{10.0**power:g}</text>')
    for i, (row, log) in enumerate(zip(rows, logs)):
        y = TOP + LINE * i
        x, end = sorted((at(0), at(log)))
        name = html.escape(f"{row['group']}: {row['work']}")
        parts.append(f'<text x="{LEFT - 8}" y="{y + 14}" text-anchor="end">{name}</text>')
        parts.append(f'<rect x="{x:.1f}" y="{y + 3}" width="{max(end - x, 0.5):.1f}" height="{LINE - 6}" '
                     f'fill="{COLOURS.get(row["group"], "#888888")}"/>')
        parts.append(f'<text x="{end + 4:.1f}" y="{y + 14}">{row["ratio"]:.3g}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"
