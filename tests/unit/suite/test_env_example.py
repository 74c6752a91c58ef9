from shared.settings import Settings
from suite import env_example


def test_every_common_setting_stands_there_with_its_description_and_default() -> None:
    text = env_example.render()

    for name, field in Settings.model_fields.items():
        assert f"# {field.description}\n" in text
        assert f"PHOTOFACTORY_{name.upper()}=" in text
    assert "#PHOTOFACTORY_LOG_LEVEL=INFO\n" in text


def test_a_setting_without_a_default_has_to_be_filled_in() -> None:
    assert "\nPHOTOFACTORY_DATABASE_URL=\n" in env_example.render()
