"""How Sphinx builds these pages."""

import pathlib
import warnings

import sktl

project = "sktl"
author = "the sktl developers"
project_copyright = "the sktl developers"
version = release = sktl.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
]
templates_path = ["_templates"]
exclude_patterns = ["_build", "_templates", "auto_examples/*.ipynb", "auto_examples/**/README*"]
default_role = "literal"
nitpicky = False

# One page per public name; numpydoc lists the members of a class in it.
autosummary_generate = True
numpydoc_show_class_members = False
autodoc_typehints = "none"  # numpydoc shows the types

html_static_path = ["_static"]
html_theme = "pydata_sphinx_theme"
html_title = "sktl"
html_show_sourcelink = False
html_theme_options = {
    "navigation_with_keys": False,
    "show_toc_level": 2,
    "secondary_sidebar_items": ["page-toc"],
    "navbar_end": ["theme-switcher"],
}

examples = pathlib.Path(__file__).resolve().parents[1] / "examples"
sphinx_gallery_conf = {
    "examples_dirs": str(examples),
    "gallery_dirs": "auto_examples",
    # All scripts run, so that a broken one ends the build.
    "filename_pattern": r"\.py$",
    "only_warn_on_example_error": False,
    "abort_on_example_error": False,
    "download_all_examples": False,
    "remove_config_comments": True,
    "show_memory": False,
    "reference_url": {},
}
warnings.filterwarnings("ignore", message="FigureCanvasAgg is non-interactive")
