"""Loading: a folder of YAML files → a Bundle of plain data, in which every value can be found again."""

from policy_engine.loader.bundle import Bundle, SourceFile, load

__all__ = ["Bundle", "SourceFile", "load"]
