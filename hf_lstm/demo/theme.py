"""Builds the page's theme: Gradio's own, with colors that can be read, and no font from another server."""

import gradio as gr

_COLORS = {
    # White on the theme's own blue has a contrast of 3.7, and its gray on white 2.5; texts need 4.5.
    "button_primary_background_fill": ("*primary_700", "*primary_700"),
    "button_primary_background_fill_hover": ("*primary_800", "*primary_800"),
    "body_text_color_subdued": ("*neutral_600", "*neutral_300"),
    "input_placeholder_color": ("*neutral_500", "*neutral_400"),
    "link_text_color": ("*primary_700", "*primary_300"),
    "link_text_color_hover": ("*primary_800", "*primary_200"),
    "link_text_color_visited": ("*primary_700", "*primary_300"),
    "block_label_text_color": ("*body_text_color", "*body_text_color"),
    "block_title_text_color": ("*body_text_color", "*body_text_color"),
    "block_label_background_fill": ("transparent", "transparent"),
    "block_title_background_fill": ("transparent", "transparent"),
    "block_background_fill": ("transparent", "transparent"),
    # The edge of a field needs 3.
    "input_border_color": ("*neutral_500", "*neutral_500"),
}
"""By the name of the theme's setting: on light and on dark ground.

Reference: WCAG 2.2, 1.4.3 and 1.4.11.
"""


def make_theme() -> gr.themes.Base:
    """Build the theme."""
    settings = {
        f"{name}{where}": color
        for name, colors in _COLORS.items()
        for where, color in zip(("", "_dark"), colors, strict=True)
    }
    return gr.themes.Soft(
        primary_hue="blue",
        secondary_hue="blue",
        font=["system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    ).set(
        **settings,
        block_title_padding="0",
        block_label_padding="0",
        block_padding="0",
        block_label_shadow="none",
        block_shadow="none",
        input_shadow="none",
        input_border_width="1px",
        button_secondary_shadow="none",
        button_secondary_border_color="*neutral_300",
        button_secondary_border_color_dark="*neutral_600",
        button_border_width="1px",
        color_accent="*primary_700",  # of which there is no dark one: see page.css
    )
